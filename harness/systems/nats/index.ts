export { jetstream } from './jetstream.ts';
export { mirroredStreams } from './mirrored.ts';
