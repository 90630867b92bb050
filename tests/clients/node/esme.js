// An ESME on the npm package smpp, driven line by line.
//
// Reads one JSON command a line from standard input and writes one JSON event a line to standard output, so that a scenario
// says what to do and judges what came of it. Ends when standard input does, after an unbind. It decides nothing.
'use strict';

const readline = require('readline');
const smpp = require('smpp');

const [host, port, system_id, password] = process.argv.slice(2);

function say(event, facts) {
  process.stdout.write(JSON.stringify({ event, ...facts }) + '\n');
}

function fail(why) {
  process.stderr.write(`${why}\n`);
  process.exit(1);
}

// The package's own choices wherever it has one: interface_version 0x50, and data_coding by what the text needs.
function submit(session, { tag, source, destination, text, receipt }) {
  const message = text.length > 160 ? { message_payload: text } : { short_message: text };
  session.submit_sm(
    {
      source_addr_ton: 5,
      source_addr_npi: 0,
      source_addr: source,
      dest_addr_ton: 1,
      dest_addr_npi: 1,
      destination_addr: destination,
      registered_delivery: receipt ? 1 : 0,
      ...message,
    },
    (answer) => say('submitted', { tag, status: answer.command_status, id: answer.message_id || '' }),
  );
}

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
  session.bind_transceiver({ system_id, password }, (answer) => {
    if (answer.command_status !== 0) fail(`bind_transceiver_resp with command_status ${answer.command_status}`);
    say('bound', { system_id: answer.system_id });
    const commands = readline.createInterface({ input: process.stdin });
    commands.on('line', (line) => {
      const command = JSON.parse(line);
      if (command.do !== 'submit') fail(`no such command: ${command.do}`);
      submit(session, command);
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
