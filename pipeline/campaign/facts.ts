import type { Part } from '../../core/campaign/part.ts';
import { pathMatcher } from '../../core/guard/paths.ts';
import type { PartFact } from '../../core/publish/facts.ts';
import type { ChangeManifest } from '../../core/run/change-set.ts';
import type { CommandResult } from '../../core/run/phase.ts';
import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { getJson } from '../runs/artifacts.ts';
import { stateOf } from './parts.ts';

/** What a pull request tells of the parts of a campaign. */
export async function partFacts(
  deps: Pick<Deps, 'runs' | 'artifacts'>,
  record: RunRecord,
  parts: readonly Part[],
  manifest: ChangeManifest,
): Promise<PartFact[]> {
  const campaign = stateOf(record);
  return Promise.all(
    parts.map(async (part): Promise<PartFact> => {
      const state = campaign.parts[part.id];
      const run = state === undefined || state.runId === '' ? undefined : await deps.runs.get(state.runId);
      const verify = run?.work.results.verify;
      const facts = verify === undefined ? undefined : ((await getJson(deps.artifacts, verify)) as Verified);
      const isOwn = pathMatcher(part.target_paths);
      const earlier = campaign.earlier.filter((each) => each.part === part.id);
      return {
        id: part.id,
        title: part.title,
        role: part.role,
        agent: run?.agent,
        leftOut: state?.status === 'left-out',
        rounds: state?.round ?? 0,
        dependsOn: part.depends_on,
        files: manifest.entries.filter(({ path }) => isOwn(path) !== undefined).length,
        commands: facts?.result?.commands ?? [],
        usdMicros: earlier.reduce((sum, each) => sum + each.spentMicros, state?.spentMicros ?? 0),
      };
    }),
  );
}

interface Verified {
  result?: { commands: CommandResult[] };
}
