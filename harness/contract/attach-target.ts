export { attachLocalTarget as attachTarget } from '../targets/local/attach.ts';
