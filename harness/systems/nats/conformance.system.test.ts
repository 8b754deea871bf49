import {
  type JetStreamManager,
  jetstream as jetstreamClient,
  jetstreamManager,
  type StoredMsg,
} from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { conformance, type Sabotage } from '../../conformance/suite.ts';
import { jetstream } from './jetstream.ts';
import { platformScripts } from './testing.ts';

interface Spoilt {
  readonly stream: string;
  readonly first: StoredMsg;
  readonly second: StoredMsg;
  readonly jsm: JetStreamManager;
  publish(message: StoredMsg, data?: string): Promise<unknown>;
}

/** Applies an operation to the first two messages of the stream that the asset's variables name. */
const toMessages =
  (work: (spoilt: Spoilt) => Promise<unknown>): Sabotage =>
  async (asset) => {
    const { NATS_URL = '', STREAMS = '' } = asset.environment();
    const [stream = ''] = STREAMS.split(' ');
    const nc = await connect({ servers: NATS_URL });
    try {
      const [jsm, js] = [await jetstreamManager(nc), jetstreamClient(nc)];
      const { state } = await jsm.streams.info(stream);
      const message = async (seq: number) => {
        const found = await jsm.streams.getMessage(stream, { seq });
        if (found === null) throw new Error(`there is no message ${seq}`);
        return found;
      };
      const [first, second] = [await message(state.first_seq), await message(state.first_seq + 1)];
      await work({
        stream,
        first,
        second,
        jsm,
        publish: ({ subject, data }, text) => js.publish(subject, text ?? data),
      });
    } finally {
      await nc.close();
    }
  };

const orders = jetstream({
  streams: [{ name: 'orders', subjects: ['orders.paid'], messages: 60 }],
  keyValue: [{ bucket: 'settings', history: 2, keys: 5 }],
  objectStores: [{ bucket: 'invoices', objects: 2, largest: '64KiB' }],
});

conformance(orders, {
  protectedBy: platformScripts,
  sabotage: {
    drop: toMessages(({ jsm, stream, first }) => jsm.streams.deleteMessage(stream, first.seq)),
    alter: toMessages(async ({ jsm, stream, first, publish }) => {
      await jsm.streams.deleteMessage(stream, first.seq);
      await publish(first, 'altered');
    }),
    add: toMessages(({ first, publish }) => publish(first)),
    reorder: toMessages(async ({ jsm, stream, first, second, publish }) => {
      for (const { seq } of [first, second]) await jsm.streams.deleteMessage(stream, seq);
      for (const message of [second, first]) await publish(message);
    }),
  },
});
