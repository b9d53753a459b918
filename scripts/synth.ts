// `npm run synth [-- --bundles FOLDER] [-- --contexts FOLDER] [-- --out FOLDER]`: bundles the functions, writes the build contexts of
// the images, and writes the CloudFormation templates to
// cdk.out. It needs no CDK command line, credentials, Docker or network. The CDK command line runs the same file (cdk.json).
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const root = resolve(import.meta.dirname, '..');
const { values } = parseArgs({
  options: { bundles: { type: 'string' }, contexts: { type: 'string' }, out: { type: 'string' } },
});

const bundles = resolve(values.bundles ?? join(root, 'dist/lambdas'));
if (values.bundles === undefined) {
  // Loaded on demand: it loads esbuild, which is not needed if the functions are already bundled.
  const { bundleLambdas } = await import('./bundle-lambdas.ts');
  await bundleLambdas(bundles);
}

const contexts = resolve(values.contexts ?? join(root, 'dist/images'));
if (values.contexts === undefined) {
  const { writeContexts } = await import('../adapters/local/containers/images/contexts.ts');
  await writeContexts(root, contexts);
}

// The CDK command line sets both by its own variables.
const context = JSON.parse(process.env.CDK_CONTEXT_JSON ?? '{}') as Record<string, unknown>;
// Who deploys names a policy; templates to look at are those of the example.
const example = { policy: join(root, 'examples/aws/drydock.policy.yaml') };
const named = process.env.CDK_CLI_VERSION !== undefined || existsSync('drydock.aws.yaml') || 'settings' in context;
process.env.CDK_CONTEXT_JSON = JSON.stringify({ bundles, contexts, ...(named ? {} : example), ...context });
process.env.CDK_OUTDIR =
  values.out === undefined ? (process.env.CDK_OUTDIR ?? join(root, 'cdk.out')) : resolve(values.out);
await import('../bin/app.ts');
console.error(`Templates are in ${process.env.CDK_OUTDIR}`);
