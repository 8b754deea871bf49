import { once } from 'node:events';
import { connect } from 'node:net';

/**
 * Queries a DNS server for SRV records over TCP, which Node's resolver does only after a truncated answer. @returns the number of records.
 */
export async function srvAnswersByTcp(server: string, name: string): Promise<number> {
  const [host = '', port = ''] = server.split(':');
  const labels = name.split('.').map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  const question = Buffer.concat([...labels, Buffer.from([0, 0, 33, 0, 1])]);
  const header = Buffer.from([0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, 0]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(header.length + question.length);
  const socket = connect({ host, port: Number(port) });
  try {
    socket.write(Buffer.concat([length, header, question]));
    const [answer] = await once(socket, 'data');
    const bytes: unknown = answer;
    if (!(bytes instanceof Buffer)) throw new Error('the answer is no bytes');
    // Two bytes of length, then id, flags, questions, answers.
    return bytes.readUInt16BE(8);
  } finally {
    socket.destroy();
  }
}
