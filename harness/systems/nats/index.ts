export { jetstream } from './jetstream.ts';
export { mirroredStreams } from './mirrored.ts';
export type { JetStreamOptions } from './options.ts';
