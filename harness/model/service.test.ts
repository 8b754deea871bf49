import { describe, expect, it } from 'vitest';
import { service } from './service.ts';

describe('a token of a service', () => {
  it('has the name and the capability of its definition', () => {
    expect(service({ name: 'my-queue2', capability: 'queue' })).toMatchObject({
      name: 'my-queue2',
      capability: 'queue',
    });
  });

  it.each(['MyQueue', 'my queue', '', '-queue', 'queue-', '2nd-queue', 'queue_a'])('refuses the name "%s"', (name) => {
    expect(() => service({ name, capability: 'queue' })).toThrow(
      `service({ … }): name: expected lower case, with digits and hyphens, such as my-queue, but ${JSON.stringify(name)}`,
    );
  });

  it('refuses a capability in the same way', () => {
    expect(() => service({ name: 'queue', capability: 'Queue' })).toThrow(
      'service({ … }): capability: expected lower case',
    );
  });
});
