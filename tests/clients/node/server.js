// A server on the npm package smpp: takes every bind and answers every submit_sm, and nothing else.
'use strict';

const smpp = require('smpp');

const port = Number(process.argv[2]);
let number = 0;

const server = smpp.createServer((session) => {
  const bind = (pdu) => session.send(pdu.response());
  session.on('bind_transmitter', bind);
  session.on('bind_transceiver', bind);
  session.on('submit_sm', (pdu) => session.send(pdu.response({ message_id: String(++number) })));
  session.on('enquire_link', (pdu) => session.send(pdu.response()));
  session.on('unbind', (pdu) => {
    session.send(pdu.response());
    session.close();
  });
  session.on('error', () => session.close());
});
server.listen({ port, host: '127.0.0.1' });
