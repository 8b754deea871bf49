import { describe, expect, test } from 'vitest';
import { deliveryOf, fromDirectGet, nanosecondsOf, statusOf } from './read-message.ts';

const added =
  'Nats-Stream: ORDERS\r\nNats-Subject: orders.paid\r\nNats-Sequence: 17\r\nNats-Time-Stamp: 2026-01-02T03:04:05.678901234Z\r\nNats-Num-Pending: 3\r\nNats-Last-Sequence: 15\r\n\r\n';

describe('a time of the server', () => {
  test('keeps its nanoseconds', () => {
    expect(nanosecondsOf('2026-01-02T03:04:05.678901234Z')).toBe('1767323045678901234');
  });
  test.each([
    ['2026-01-02T03:04:05Z', '1767323045000000000'],
    ['2026-01-02T03:04:05.5Z', '1767323045500000000'],
  ])('%s has its trailing zeros put back', (time, nanoseconds) => {
    expect(nanosecondsOf(time)).toBe(nanoseconds);
  });
  test('in another form is refused', () => {
    expect(() => nanosecondsOf('yesterday')).toThrow('yesterday');
  });
});

describe('the reply subject of a delivery', () => {
  test.each([
    ['$JS.ACK.ORDERS.reader.1.17.5.1767323045678901234.3'],
    ['$JS.ACK._.hash.ORDERS.reader.1.17.5.1767323045678901234.3.token'],
  ])('%s says which message it is and how many are left', (reply) => {
    expect(deliveryOf(reply)).toEqual({ sequence: 17, delivery: 5, timestampNs: '1767323045678901234', pending: 3 });
  });
});

describe('the answer to a direct get', () => {
  test('of a message without headers has no header block', () => {
    const stored = fromDirectGet(Buffer.from(`NATS/1.0\r\n${added}`), Buffer.from('body'));
    expect(stored).toMatchObject({ sequence: 17, subject: 'orders.paid', timestampNs: '1767323045678901234' });
    expect(stored.headerBlock).toBeUndefined();
  });

  test('gives the stored header block back byte for byte, even where it looks like one of the server’s lines', () => {
    const block = 'NATS/1.0\r\nTag: a\r\nTag: b\r\nNats-Sequence: 99\r\nOrder-Id: \r\n';
    const stored = fromDirectGet(Buffer.from(block + added), Buffer.alloc(0));
    expect(Buffer.from(stored.headerBlock ?? []).toString()).toBe(`${block}\r\n`);
    expect(stored.sequence).toBe(17);
  });

  test('has a status when it is no message', () => {
    expect(statusOf(Buffer.from('NATS/1.0 204 EOB\r\n\r\n'))).toBe(204);
    expect(statusOf(Buffer.from(`NATS/1.0\r\n${added}`))).toBe(0);
  });
});
