import { createS3Artifacts } from '../../adapters/aws/artifacts.ts';
import { createAdmission } from '../../adapters/aws/dynamo/admission.ts';
import { createBaselines } from '../../adapters/aws/dynamo/baselines.ts';
import { createFirings } from '../../adapters/aws/dynamo/firings.ts';
import { createGates } from '../../adapters/aws/dynamo/gates.ts';
import { createLedger } from '../../adapters/aws/dynamo/ledger.ts';
import type { Listing } from '../../adapters/aws/dynamo/listing/page.ts';
import { createRunLinks } from '../../adapters/aws/dynamo/run-links.ts';
import { createRuns } from '../../adapters/aws/dynamo/runs.ts';
import { createSeenSpecs } from '../../adapters/aws/dynamo/seen-specs.ts';
import { withDrydockErrors } from '../../adapters/aws/errors.ts';
import { createGitHubCodeHost } from '../../adapters/github/code-host.ts';
import { createCollaboration } from '../../adapters/github/collaboration.ts';
import type { Comparing } from '../../adapters/github/merge/comparing.ts';
import { createThread } from '../../adapters/thread/thread.ts';
import { optional, sealedAs, variable } from '../../common/deployment.ts';
import { DrydockError } from '../../core/errors.ts';
import type { Executions } from '../../core/ports/runtime/executions.ts';
import type { PhaseLauncher } from '../../core/ports/runtime/launcher.ts';
import type { Notifier } from '../../core/ports/runtime/notifier.ts';
import type { PhaseInbox } from '../../core/ports/runtime/phase-inbox.ts';
import type { Runs } from '../../core/ports/store/runs.ts';
import type { Deps } from '../../pipeline/deps.ts';
import { gitHubAccess } from './github.ts';
import { later, named, once } from './once.ts';
import { secrets } from './secrets.ts';
import { clock, dynamo, phases, s3 } from './stores.ts';
import { vault } from './vault.ts';

let made: Runs | undefined;
const runs = (listing?: Listing): Runs => {
  made ??= withDrydockErrors(createRuns(dynamo(), variable('runs'), listing));
  return made;
};
const gates = named(() => createGates(dynamo(), variable('gates')));

/** Below the 29 seconds that an HTTP request may take; a fifth of the memory of a function. */
const jobMs = 20_000;
const jobMemoryMb = 256;

const thread = once(() =>
  createThread({ program: new URL('./judge.mjs', import.meta.url), deadlineMs: jobMs, memoryMb: jobMemoryMb }),
);

/**
 * Each dependency is created when a step first needs it, and lives as long as the function: clients keep connections.
 */
const parts = {
  ledger: named(() => createLedger(dynamo(), variable('ledger'))),
  admission: named(() => createAdmission(dynamo(), variable('ledger'))),
  baselines: named(() => createBaselines(dynamo(), variable('ledger'))),
  seenSpecs: named(() => createSeenSpecs(dynamo(), variable('runs'))),
  runLinks: named(() => createRunLinks(dynamo(), variable('runs'))),
  firings: named(() => createFirings(dynamo(), variable('ledger'))),
  artifacts: named(() => createS3Artifacts(s3(), variable('artifacts'))),
  executions: once(stepFunctions),
  vault: once(() => vault(sealedAs.token)),
};

/** What only some functions carry, because it is a large part of their size. */
export interface Carried {
  /** Merges changes and shows them. */
  comparing?: Comparing;
  /** Shows the list of runs. */
  listing?: Listing;
  /** Starts and stops the tasks of phases. */
  launching?: () => PhaseLauncher;
  /** Only stops them. */
  stopping?: () => Pick<PhaseLauncher, 'stop'>;
  /** Brings to running agents what people say. */
  telling?: () => PhaseInbox;
  /** Has people told. */
  announcing?: (deps: Deps) => Notifier;
}

/** The dependencies of the steps on AWS. */
export async function composeDeps({
  comparing,
  listing,
  launching,
  stopping,
  telling,
  announcing,
}: Carried = {}): Promise<Deps> {
  const access = await gitHubAccess();
  const deps: Deps = {
    advisories: async (folder) => {
      throw new DrydockError('AdvisoriesUnreadable', `${folder}: folders are read on one machine only`);
    },
    clock,
    gates: gates(),
    phases: phases(),
    get runs() {
      return runs(listing);
    },
    get ledger() {
      return parts.ledger();
    },
    get admission() {
      return parts.admission();
    },
    get baselines() {
      return parts.baselines();
    },
    get seenSpecs() {
      return parts.seenSpecs();
    },
    get runLinks() {
      return parts.runLinks();
    },
    get firings() {
      return parts.firings();
    },
    get artifacts() {
      return parts.artifacts();
    },
    get executions() {
      return parts.executions();
    },
    get vault() {
      return parts.vault();
    },
    get launcher() {
      return launching?.() ?? onlyStopping(carried(stopping, 'stops no phases'));
    },
    get phaseInbox() {
      return carried(telling, 'brings nothing to agents');
    },
    codeHost(kind, scope) {
      if (kind !== 'github') {
        throw new DrydockError(
          'PolicyRefused',
          `${scope.repository} is a local repository, which a deployment on AWS cannot reach.`,
          {
            remedy: 'Host it on GitHub, or run it on one machine.',
          },
        );
      }
      return createGitHubCodeHost({
        access,
        scope,
        dataDir: '/tmp',
        thread: thread(),
        comparing,
        collaboration: createCollaboration(access, scope),
      });
    },
    get notifier() {
      return carried(announcing && (() => announcing(deps)), 'tells people nothing');
    },
    get thread() {
      return thread();
    },
    modelAccess: (provider, endpoint) => secrets().modelAccess(variable('models'), provider, endpoint),
    credential: (name) => secrets().credential(variable('models'), name),
    agentFiles: (path) => path,
    runLink: (runId) => pageOf(`/runs/${encodeURIComponent(runId)}`),
    pageLink: pageOf,
  };
  return deps;
}

/** @throws Internal for whatever else a launcher does. */
function onlyStopping({ stop }: Pick<PhaseLauncher, 'stop'>): PhaseLauncher {
  const refuse = async (): Promise<never> => {
    throw new DrydockError('Internal', 'This function only stops phases.');
  };
  return { stop, launch: refuse, isRunning: refuse, active: refuse, left: refuse, calls: refuse };
}

function carried<T>(make: (() => T) | undefined, what: string): T {
  if (make) return make();
  throw new DrydockError('Internal', `This function ${what}.`);
}

/** `undefined` if there are no pages. A link grants no access without signing in. */
function pageOf(path: string): string | undefined {
  const pages = optional('pages');
  return pages && `${pages}${path}`;
}

function stepFunctions(): Executions {
  return later<Executions>(
    async () => {
      const [{ SFNClient }, { createStepFunctions }] = await Promise.all([
        import('@aws-sdk/client-sfn'),
        import('../../adapters/aws/executions.ts'),
      ]);
      return createStepFunctions(new SFNClient({}), variable('stateMachine'));
    },
    { live: true },
  );
}
