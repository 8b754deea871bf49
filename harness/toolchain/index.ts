export { inspectBuilders, inspectToolchain, type ToolStatus } from './inspect.ts';
export { type ObtainOptions, obtainToolchain } from './obtain.ts';
