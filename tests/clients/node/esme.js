// An ESME on the npm package smpp, driven line by line.
//
// Reads one JSON command a line from standard input and writes one JSON event a line to standard output, so that a scenario
// says what to do and judges what came of it. Ends when standard input does, after an unbind. It decides nothing.
'use strict';

const readline = require('readline');
const smpp = require('smpp');

const [host, port, system_id, password, kind] = process.argv.slice(2);

function say(event, facts) {
  process.stdout.write(JSON.stringify({ event, ...facts }) + '\n');
}

function fail(why) {
  process.stderr.write(`${why}\n`);
  process.exit(1);
}

const from = (source) => ({ source_addr_ton: 5, source_addr_npi: 0, source_addr: source });
const to = (destination) => ({ dest_addr_ton: 1, dest_addr_npi: 1, destination_addr: destination });

// The package's own choices wherever it has one: interface_version 0x50, and data_coding by what the text needs.
function fields({ text, receipt, schedule }) {
  const message = text.length > 160 ? { message_payload: text } : { short_message: text };
  return { registered_delivery: receipt ? 1 : 0, schedule_delivery_time: schedule || '', ...message };
}

const submitted = (tag) => (answer) =>
  say('submitted', {
    tag,
    status: answer.command_status,
    id: answer.message_id || '',
    unsuccess: (answer.unsuccess_sme || []).map((sme) => ({ destination: sme.destination_addr, status: sme.error_status_code })),
  });

const obey = {
  submit(session, command) {
    const { tag, source, destination } = command;
    session.submit_sm({ ...from(source), ...to(destination), ...fields(command) }, submitted(tag));
  },
  data(session, { tag, source, destination, text, receipt }) {
    const message = { registered_delivery: receipt ? 1 : 0, message_payload: text };
    session.data_sm({ ...from(source), ...to(destination), ...message }, submitted(tag));
  },
  multi(session, command) {
    const dest_address = command.destinations.map((destination) => to(destination));
    session.submit_multi({ ...from(command.source), dest_address, ...fields(command) }, submitted(command.tag));
  },
  query(session, { tag, id, source }) {
    session.query_sm({ message_id: id, ...from(source) }, (answer) =>
      say('queried', {
        tag,
        status: answer.command_status,
        id: answer.message_id,
        state: answer.message_state,
        final_date: answer.final_date,
        error: answer.error_code,
      }),
    );
  },
  cancel(session, { tag, id, source, destination }) {
    session.cancel_sm({ message_id: id, ...from(source), ...to(destination) }, (answer) =>
      say('cancelled', { tag, status: answer.command_status }),
    );
  },
  replace(session, { tag, id, source, text, receipt, schedule }) {
    const message = { registered_delivery: receipt ? 1 : 0, schedule_delivery_time: schedule || '', short_message: text };
    session.replace_sm({ message_id: id, ...from(source), ...message }, (answer) =>
      say('replaced', { tag, status: answer.command_status }),
    );
  },
  enquire(session) {
    session.enquire_link((answer) => say('enquired', { status: answer.command_status }));
  },
};

function heard(session, pdu) {
  const { message, udh } = pdu.short_message;
  const facts = {
    source: pdu.source_addr,
    destination: pdu.destination_addr,
    data_coding: pdu.data_coding,
    esm_class: pdu.esm_class,
  };
  if ([0x04, 0x20].includes(pdu.esm_class & 0x3c)) {
    say('receipt', { id: pdu.receipted_message_id, state: pdu.message_state, text: message, ...facts });
  } else {
    const elements = udh ? Buffer.concat(udh) : Buffer.alloc(0);
    say('message', { text: message, udh: elements.toString('hex'), ...facts });
  }
  session.send(pdu.response());
}

const session = smpp.connect({ url: `smpp://${host}:${port}` }, () => {
  session[`bind_${kind}`]({ system_id, password }, (answer) => {
    if (answer.command_status !== 0) {
      say('refused', { status: answer.command_status });
      return;
    }
    say('bound', { system_id: answer.system_id });
    const commands = readline.createInterface({ input: process.stdin });
    commands.on('line', (line) => {
      const command = JSON.parse(line);
      obey[command.do](session, command);
    });
    commands.on('close', () => {
      session.unbind(() => {
        say('unbound', {});
        session.close();
      });
    });
  });
});

session.on('deliver_sm', (pdu) => heard(session, pdu));
session.on('enquire_link', (pdu) => session.send(pdu.response()));
session.on('error', (error) => fail(`session failed: ${error.message}`));
