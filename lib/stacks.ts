import { type App, CfnOutput, Stack } from 'aws-cdk-lib';
import { Drydock, type DrydockProps } from './drydock.ts';
import { exportState, importState } from './storage/state.ts';
import { Storage } from './storage/storage.ts';

/** Prefix of the SSM parameters through which the two stacks share names. */
const prefix = 'drydock';

/**
 * The two stacks of `bin/app.ts`: the stores, and everything else, which can be deleted and recreated. The first is
 * deployed alone once, so that images and secrets can be stored before the second one needs them.
 */
export function addStacks(app: App, props: Omit<DrydockProps, 'state' | 'encryptionKey'>): { kept: Stack; run: Stack } {
  const kept = new Stack(app, 'DrydockState', { description: 'Drydock: tables, artifacts, images, key, secrets' });
  exportState(kept, prefix, new Storage(kept, 'Storage').state);
  const run = new Stack(app, 'Drydock', { description: 'Drydock: state machine, functions, networks, sandboxes' });
  run.addStackDependency(kept, 'it reads the names that the first stack writes');
  const drydock = new Drydock(run, 'Drydock', { ...props, state: importState(run, prefix) });
  new CfnOutput(run, 'WebhookUrl', { value: drydock.webhookUrl, description: 'Webhook URL of the GitHub App' });
  if (drydock.pagesUrl !== undefined) {
    const description = 'The pages; <this>/login/callback is the redirect URI to register with the issuer';
    new CfnOutput(run, 'PagesUrl', { value: drydock.pagesUrl, description });
  }
  return { kept, run };
}
