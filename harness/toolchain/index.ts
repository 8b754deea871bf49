export { inspectBuilders, inspectToolchain, type ToolStatus } from './inspect.ts';
export { beginObtaining, type ObtainOptions, obtainToolchain, type ToolSupply } from './obtain.ts';
