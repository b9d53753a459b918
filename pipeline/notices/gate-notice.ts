import { defined } from '../../core/defined.ts';
import { formatUsd } from '../../core/money/format.ts';
import { type Facts, type Notice, type NoticeKind, noticeOf } from '../../core/notification/notice.ts';
import type { Plan } from '../../core/plan/schema.ts';
import { splitHints } from '../../core/review/gate-hints.ts';
import { type Gate, isWait } from '../../core/run/gate.ts';
import type { RunRecord } from '../../core/run/record.ts';
import type { Deps } from '../deps.ts';
import { type GateFacts, type RunDetail, runDetail } from '../view/run-detail.ts';
import { mayDecide } from '../view/run-item.ts';
import { changeFacts, runFact, testFacts } from './run-facts.ts';

type GateFact = NonNullable<Notice['gate']>;

/**
 * What people are told about an open gate, from the view of its run.
 * @param about Key and kind, if this is not the first message about the gate.
 */
export async function gateNotice(
  deps: Deps,
  record: RunRecord,
  gate: Gate,
  about: { key: string; kind: NoticeKind } = { key: gateKey(gate), kind: kindOf(gate) },
): Promise<Notice> {
  const detail = await runDetail(deps, record);
  const link = deps.pageLink(`/gates/${encodeURIComponent(gate.gateId)}`) ?? pullRequestOf(record);
  return noticeOf({
    ...about,
    to: mayDecide(gate),
    at: new Date(deps.clock.now()).toISOString(),
    run: runFact(deps, detail),
    gate: gateFact(gate, detail, link),
    facts: await gateFacts(deps, record, gate, detail),
    ...defined({ link }),
  });
}

export const gateKey = ({ gateId }: Pick<Gate, 'gateId'>): string => `gate#${gateId}`;

const kindOf = ({ kind, options }: Gate): NoticeKind => (options ? 'stuck' : isWait(kind) ? 'question' : kind);

function gateFact(gate: Gate, { gates }: RunDetail, link: string | undefined): GateFact {
  const { gateId, head, kind, title, openedAt, expiresAt, required, approvals } = gate;
  const may = mayDecide(gate);
  const barred = gate.solo || kind === 'question' ? [] : [gate.requester, ...(gate.barred ?? [])];
  const why = whyOf(
    gate,
    gates.find((each) => each.gateId === gateId),
  );
  return {
    ...{ gateId, head, title, openedAt, expiresAt, required, approvals, may },
    kind: isWait(kind) ? 'question' : kind,
    mayNot: barred.filter((person) => gate.approvers.includes(person)),
    options: optionsOf(gate),
    ...defined({ why, link }),
  };
}

/** Why a gate needs more than one vote. */
function whyOf({ required, approvals }: Gate, facts: GateFacts | undefined): string | undefined {
  if (required < 2) return undefined;
  const critical = (facts?.critical ?? []).filter(({ reviewers }) => reviewers >= required);
  const because =
    critical.length > 0
      ? `the change touches ${critical.map(({ glob }) => glob).join(', ')}, which the policy calls critical`
      : 'the policy or the spec asks for them';
  return `${required} approvals are needed, because ${because}; there ${approvals.length === 1 ? 'is 1' : `are ${approvals.length}`}.`;
}

/** The options in their order, so that their numbers are those of every channel. */
function optionsOf({ question, options }: Gate): GateFact['options'] {
  if (options)
    return options.map(({ label, text }) => ({ label, suggested: false, ...(text ? { needs: 'text' as const } : {}) }));
  return (question?.options ?? []).map((label) => ({ label, suggested: label === question?.suggested }));
}

async function gateFacts(deps: Deps, record: RunRecord, gate: Gate, detail: RunDetail): Promise<Facts> {
  const { hints, rest } = splitHints(gate.text);
  const first = hints === '' ? [] : hints.split('\n');
  const approving = approvingOf(gate, Math.max(0, record.capMicros - record.spentMicros));
  switch (gate.kind) {
    case 'plan':
      return {
        ...(detail.plan ? { context: detail.plan.summary, plan: planFacts(detail.plan) } : {}),
        first,
        approving,
      };
    case 'review':
      return {
        // The last paragraph has the sizes, which are facts of their own.
        first: [...first, ...rest.split('\n\n').slice(0, -1)],
        ...(await changeFacts(deps, record, detail)),
        ...testFacts(detail),
        approving,
      };
    default:
      return { context: rest, first, ...(await changeFacts(deps, record, detail)), ...testFacts(detail), approving };
  }
}

function planFacts({ phases, impact, risks }: Plan): NonNullable<Facts['plan']> {
  const folders = phases.flatMap(({ files }) => files.map((file) => file.split('/').slice(0, 2).join('/')));
  return {
    phases: phases.length,
    checkpoints: phases.filter(({ checkpoint }) => checkpoint).length,
    touches: [...new Set(folders)],
    breaking: impact.breaking_changes,
    risks,
  };
}

/** What follows an approval or an answer, and what it may cost. */
function approvingOf({ kind, options }: Gate, leftMicros: number): string {
  const upTo = `up to ${formatUsd(leftMicros)} more`;
  switch (kind) {
    case 'plan':
      return `Approving starts the build, which may cost ${upTo}.`;
    case 'review':
      return 'Approving marks the pull request as ready; a person merges it.';
    case 'checkpoint':
      return `Approving lets the agent go on, for ${upTo}.`;
    default:
      return options
        ? `What you choose decides how the run goes on, for ${upTo}.`
        : `An answer lets the agent go on, for ${upTo}.`;
  }
}

/** URL of the pull request, where people decide if there are no pages; undefined for a local pull request. */
const pullRequestOf = ({ pullRequest }: RunRecord): string | undefined =>
  pullRequest && /^https?:/.test(pullRequest.url) ? pullRequest.url : undefined;
