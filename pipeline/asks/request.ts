import { type AskRequest, askRequest } from '../../core/ask/request.ts';
import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { getJson } from '../runs/artifacts.ts';

/** The request of a run that asks an agent; it is stored in the place of a spec. */
export const requestOf = async (deps: Pick<Deps, 'artifacts'>, record: RunRecord): Promise<AskRequest> =>
  askRequest.parse(await getJson(deps.artifacts, record.specDigest));
