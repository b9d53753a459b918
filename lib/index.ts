/** The public API for CDK apps: `import { Drydock } from 'drydock/cdk'`. */

export type { PolicyInput } from '../core/policy/schema.ts';
export type { OidcProps } from './control/pages.ts';
export { addDeployment } from './deployment.ts';
export { Drydock, type DrydockProps } from './drydock.ts';
export { addStacks } from './stacks.ts';
export { exportState, importState, type State } from './storage/state.ts';
export { Storage, type StorageProps } from './storage/storage.ts';
