export { jetstream } from './jetstream.ts';
export type { JetStreamOptions } from './options.ts';
