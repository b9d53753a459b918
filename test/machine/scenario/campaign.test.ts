/** Campaigns on one machine: parts as runs of the same machine, merged into one change and one pull request (R35). */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ServerProcess } from '../../../cli/local/compose.ts';
import type { GateView, RunView } from '../../../pipeline/service/service.ts';
import {
  campaignSpec,
  diamond,
  held,
  part,
  partOf,
  redVerify,
  sharing,
  writesItsFile,
  writesShared,
} from '../../support/campaign.ts';
import { callOf, type Script, type Scripted, scriptedRunner, startedFrom } from '../../support/scripted-runner.ts';
import { createWorld, followRun, run, submit, type World } from '../../support/world.ts';

let world: World;
let server: ServerProcess;

const open = async (script: Script = writesItsFile): Promise<ServerProcess> => {
  server = await world.open({ runner: scriptedRunner(script) });
  return server;
};
const until = async <T>(find: () => Promise<T | undefined | false>): Promise<T> => {
  for (;;) {
    const found = await find();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
const start = async (spec: Record<string, unknown>): Promise<string> => (await submit(world, server, { spec })).runId;
/** The gate that a run waits at, once it waits at one of that kind. */
const waits = (runId: string, kind: GateView['kind']): Promise<GateView> =>
  until(async () => {
    const view = await server.service.run(runId);
    if (view.error) throw new Error(`${view.error.name}: ${view.error.message}`);
    const gate = view.status === 'waiting' && view.gate !== null ? await server.service.gate(view.gate) : undefined;
    return gate?.kind === kind && gate.status === 'pending' ? gate : undefined;
  });
const vote = (gate: GateView, choice: 'approve' | 'answer' | 'reject' | 'revise', text = '') =>
  server.service.vote({ gate: gate.gateId, who: 'lead', choice, text });
const approvePlan = async (runId: string) => vote(await waits(runId, 'plan'), 'approve');
const end = (runId: string): Promise<RunView> => followRun(server, runId);
const partsOf = async (runId: string) => (await server.service.run(runId)).parts ?? [];
const filesAt = (commit: string | null): Record<string, string> =>
  Object.fromEntries(
    world
      .git('ls-tree', '-r', '--name-only', commit ?? '', 'parts', 'shared.txt')
      .split('\n')
      .filter((path) => path !== '')
      .map((path) => [path, world.git('show', `${commit}:${path}`)]),
  );

beforeEach(() => {
  world = createWorld();
  world.policy({ limits: { parallel_parts: 5, rework_rounds: 1 } });
});
afterEach(async () => {
  await server.close();
  world.remove();
});

describe('R35 a campaign of parts', () => {
  test('in a diamond each part starts from what it depends on, and one branch and one pull request hold all', async () => {
    const order: string[] = [];
    await open((job) => {
      if (job.spec.phase === 'build') order.push(partOf(job) ?? 'campaign');
      return writesItsFile(job);
    });
    const view = await run(world, server, { spec: campaignSpec(diamond) });
    expect(view).toMatchObject({ error: null, status: 'delivered' });
    expect([order[0], order.slice(1, 3).sort(), order.slice(3)]).toEqual(['a', ['b', 'c'], ['d']]);
    expect(filesAt(view.commit)).toEqual({
      'parts/a.txt': 'a after nothing',
      'parts/b.txt': 'b after parts/a.txt',
      'parts/c.txt': 'c after parts/a.txt',
      'parts/d.txt': 'd after parts/a.txt parts/b.txt parts/c.txt',
    });
    expect(world.git('branch', '--list', 'agent/*').split('\n')).toHaveLength(1);
    expect(await server.service.list()).toHaveLength(1);
  });

  test('twelve parts, five at once, and the money exact: never above the cap', async () => {
    let [now, most] = [0, 0];
    const five = held();
    await open(async (job) => {
      if (job.spec.phase !== 'build') return undefined;
      most = Math.max(most, ++now);
      if (now === 5) five.letGo();
      await five.until;
      now -= 1;
      return { ...writesItsFile(job), calls: [callOf(job.spec.phaseKey, 12_345)] };
    });
    const twelve = Array.from({ length: 12 }, (_, i) => part(`p${i}`));
    const view = await run(world, server, {
      spec: campaignSpec(twelve, { max_parts: 12, max_parallel: 5 }),
    });
    expect(view.status).toBe('delivered');
    expect(most).toBe(5);
    expect(view.cost.usd).toBe(0.14814);
    expect(Object.keys(filesAt(view.commit))).toHaveLength(12);
    const parts = await partsOf(view.runId);
    expect(parts.map(({ status }) => status)).toEqual(Array(12).fill('done'));
  });

  test('a part that asks a question waits for a person while the others go on', async () => {
    let asked = false;
    await open((job) => {
      if (partOf(job) !== 'b' || job.spec.phase !== 'build' || asked) return writesItsFile(job);
      asked = true;
      return {
        files: {},
        result: { outcome: 'question', question: { question: 'Which one?', context: '', options: [] } },
      };
    });
    const runId = await start(campaignSpec([part('a'), part('b'), part('c')]));
    await approvePlan(runId);
    const b = await until(async () =>
      (await partsOf(runId)).find((each) => each.id === 'b' && each.status === 'waiting'),
    );
    await until(async () => {
      const p = await partsOf(runId);
      return p.filter(({ status }) => status === 'done').length === 2;
    });
    await vote(await waits(b.runId ?? '', 'question'), 'answer', 'That one.');
    expect((await end(runId)).status).toBe('delivered');
  });

  test('a part that changes files of others is refused by the guard', async () => {
    await open((job) =>
      partOf(job) === 'b' && job.spec.phase === 'build' ? { files: { 'parts/a.txt': 'mine\n' } } : writesItsFile(job),
    );
    const runId = await start(campaignSpec([part('a'), part('b')]));
    await approvePlan(runId);
    const b = await until(async () =>
      (await partsOf(runId)).find((each) => each.id === 'b' && each.status === 'waiting'),
    );
    expect((await waits(b.runId ?? '', 'question')).text).toContain('parts/a.txt: only parts/b.txt may change');
  });
});

describe('a part that fails', () => {
  const failing = (times: number): Script => {
    let left = times;
    return (job) => {
      if (partOf(job) === 'b' && job.spec.phase === 'build' && left-- > 0)
        return { failure: { name: 'LimitExceeded', message: 'out of memory' } };
      return writesItsFile(job);
    };
  };

  test('is asked about once the others are done, and is done again with a hint', async () => {
    const prompts: string[] = [];
    const script = failing(1);
    await open((job) => {
      if (partOf(job) === 'b' && job.spec.phase === 'build') prompts.push(job.spec.prompt);
      return script(job);
    });
    const runId = await start(campaignSpec(diamond));
    await approvePlan(runId);
    const gate = await waits(runId, 'question');
    expect(gate.title).toBe('The part "b" failed: LimitExceeded. How should the campaign go on?');
    expect(gate.options?.map(({ label }) => label)).toEqual([
      'Do the part again',
      'Do it again, with a hint',
      'Go on without it and without d',
      'Give up',
    ]);
    await vote(gate, 'answer', 'Read it in pieces.');
    const view = await end(runId);
    expect(view.status).toBe('delivered');
    expect(Object.keys(filesAt(view.commit))).toHaveLength(4);
    expect(prompts[1]).toContain('Read it in pieces.');
  });

  test('is left out, with what depends on it', async () => {
    await open(failing(9));
    const runId = await start(campaignSpec(diamond));
    await approvePlan(runId);
    await vote(await waits(runId, 'question'), 'answer', 'Do the part again');
    await vote(await waits(runId, 'question'), 'answer', 'Go on without it and without d');
    const view = await end(runId);
    expect(view.status).toBe('delivered');
    expect(Object.keys(filesAt(view.commit))).toEqual(['parts/a.txt', 'parts/c.txt']);
  });

  test('ends the campaign when a person gives up', async () => {
    await open(failing(9));
    const runId = await start(campaignSpec(diamond));
    await approvePlan(runId);
    await vote(await waits(runId, 'question'), 'reject', 'Not worth it.');
    expect(await end(runId)).toMatchObject({ status: 'rejected', commit: null });
  });

  test('because its share of the money is used up says so', async () => {
    await open((job) => {
      if (partOf(job) !== 'b' || job.spec.phase !== 'build') return writesItsFile(job);
      return {
        failure: { name: 'BudgetExhausted', message: 'the share is used up' },
        calls: [callOf(job.spec.phaseKey, 10_000)],
      };
    });
    const runId = await start(campaignSpec([part('a'), part('b', { usd: 0.01 })]));
    await approvePlan(runId);
    const gate = await waits(runId, 'question');
    expect(gate.text).toContain('It spent $0.01 of its $0.01');
    await vote(gate, 'answer', 'Go on without it');
    const view = await end(runId);
    expect(view).toMatchObject({ status: 'delivered', cost: { usd: 0.01 } });
  });
});

describe('parts that conflict', () => {
  const resolving =
    (resolve: (job: Parameters<Script>[0]) => Scripted | undefined): Script =>
    (job) =>
      partOf(job) === undefined && job.spec.phase === 'rework' ? resolve(job) : writesShared(job);
  const keep = (): Scripted => ({ onTop: true, files: {} });

  test('are resolved by the coordinator, who sees both sides and both instructions', async () => {
    let prompt = '';
    let marked = '';
    await open(
      resolving((job) => {
        prompt = job.spec.prompt;
        marked = startedFrom(job)['shared.txt'] ?? '';
        return { onTop: true, files: { 'shared.txt': 'by b\nby c\n' } };
      }),
    );
    const view = await run(world, server, { spec: campaignSpec(sharing) });
    expect(view).toMatchObject({ error: null, status: 'delivered' });
    expect(marked).toBe('<<<<<<< merged\nby b\n=======\nby c\n>>>>>>> c\n');
    expect(prompt).toContain('Write parts/b.txt.');
    expect(prompt).toContain('Write parts/c.txt.');
    expect(filesAt(view.commit)['shared.txt']).toBe('by b\nby c');
  });

  test.each([
    ['Take the version of the merged parts (a, b)', 'by b'],
    ['Take the version of "c"', 'by c'],
    ['Do "c" again on top of the merged parts (a, b)', 'by b\nby c'],
    ['Go on without the part', 'by b'],
  ])('that the coordinator leaves are settled by a person: %s', async (label, shared) => {
    await open(resolving(keep));
    const runId = await start(campaignSpec(sharing));
    await approvePlan(runId);
    const gate = await waits(runId, 'question');
    expect(gate.options?.map((option) => option.label)).toContain(label);
    await vote(gate, 'answer', label);
    const view = await end(runId);
    expect(view).toMatchObject({ error: null, status: 'delivered' });
    expect(filesAt(view.commit)['shared.txt']).toBe(shared);
    expect(Object.hasOwn(filesAt(view.commit), 'parts/c.txt')).toBe(label !== 'Go on without the part');
  });

  test('a hint goes to the coordinator', async () => {
    await open(
      resolving((job) =>
        job.spec.prompt.includes('Both lines.') ? { onTop: true, files: { 'shared.txt': 'both\n' } } : keep(),
      ),
    );
    const runId = await start(campaignSpec(sharing));
    await approvePlan(runId);
    await vote(await waits(runId, 'question'), 'answer', 'Both lines.');
    const view = await end(runId);
    expect(view.status).toBe('delivered');
    expect(filesAt(view.commit)['shared.txt']).toBe('both');
  });

  test('and on which another part depends are integrated before it starts', async () => {
    const given: string[] = [];
    await open((job) => {
      if (partOf(job) === 'd' && job.spec.phase === 'build') given.push(startedFrom(job)['shared.txt'] ?? '');
      return resolving(() => ({ onTop: true, files: { 'shared.txt': 'by b\nby c\n' } }))(job);
    });
    const view = await run(world, server, {
      spec: campaignSpec([...sharing, part('d', { depends_on: ['b', 'c'] })]),
    });
    expect(view).toMatchObject({ error: null, status: 'delivered' });
    expect(given).toEqual(['by b\nby c\n']);
    expect(Object.keys(filesAt(view.commit))).toHaveLength(5);
  });
});

describe('R51 what is said to a campaign', () => {
  test('reaches the agents of its parts that work, and the prompts of those that start later; to a part, that one alone', async () => {
    const prompts = new Map<string, string>();
    const reached: unknown[] = [];
    await open(async (job) => {
      const id = partOf(job);
      if (id !== undefined && job.spec.phase === 'build') prompts.set(id, job.spec.prompt);
      if (id === 'a' && job.spec.phase === 'build') {
        reached.push(await server.service.tell('FIX-1', 'lead', 'To all of you.', false, 'all'));
        reached.push(await server.service.tell(job.spec.runId, 'lead', 'To a alone.', false, 'one'));
      }
      return writesItsFile(job);
    });
    const view = await run(world, server, {
      spec: campaignSpec([part('a'), part('b', { depends_on: ['a'] }), part('c')]),
    });
    expect(view).toMatchObject({ error: null, status: 'delivered' });
    expect(reached).toEqual([{ reaches: 'agent' }, { reaches: 'agent' }]);
    expect(prompts.get('a')).not.toContain('To all');
    expect(prompts.get('b')).toContain('To all of you.');
    expect(prompts.get('b')).not.toContain('To a alone.');
  });
});

describe('R52 reviewers', () => {
  test('block a part, which is corrected before it is merged, and read the whole too', async () => {
    const profile = () => ({ kind: 'command', command: ['node', '/agent/agent.mjs'], files: './agent' });
    world.policy({
      agents: { default: 'codemod', profiles: { codemod: profile(), strict: profile() } },
      limits: { parallel_parts: 5, rework_rounds: 1 },
      review: { approvers: ['lead', 'second'], reviewers: ['strict'] },
    });
    const reviewed: string[] = [];
    let blocks = 1;
    await open((job) => {
      if (job.spec.phase !== 'review') return writesItsFile(job);
      reviewed.push(partOf(job) ?? 'campaign');
      const blocking = partOf(job) === 'b' && blocks-- > 0;
      const findings = blocking ? [{ severity: 'blocking', path: 'parts/b.txt', line: 1, message: 'Say more.' }] : [];
      return { result: { outcome: 'answered', answer: JSON.stringify({ summary: 'Read.', findings }) } };
    });
    const view = await run(world, server, { spec: campaignSpec([part('a'), part('b')]) });
    expect(view).toMatchObject({ error: null, status: 'delivered' });
    expect(reviewed.toSorted()).toEqual(['a', 'b', 'b', 'campaign']);
    const b = (await partsOf(view.runId)).find(({ id }) => id === 'b');
    const events = (await server.service.run(b?.runId ?? '')).events.map(({ type, text }) => `${type}: ${text}`);
    expect(events.filter((event) => event.startsWith('phase-ended'))).toEqual([
      'phase-ended: plan: planned',
      'phase-ended: build: built',
      'phase-ended: verify: passed',
      'phase-ended: review: failed',
      'phase-ended: rework: built',
      'phase-ended: verify: passed',
      'phase-ended: review: passed',
    ]);
  });
});

describe('the whole', () => {
  test('that does not pass goes back to the coordinator, and rework after review too', async () => {
    let reds = 1;
    await open((job) => {
      if (partOf(job) !== undefined) return writesItsFile(job);
      if (job.spec.phase === 'verify' && reds-- > 0) return redVerify;
      const text = `round ${job.spec.phaseKey.split('/')[2]}\n`;
      return job.spec.phase === 'rework' ? { onTop: true, files: { 'parts/a.txt': text } } : undefined;
    });
    world.policy({ limits: { parallel_parts: 5, rework_rounds: 2 } });
    const runId = await start(campaignSpec([part('a'), part('b')]));
    await approvePlan(runId);
    await vote(await waits(runId, 'review'), 'revise', 'Say more.');
    const view = await end(runId);
    expect(view.status).toBe('delivered');
    expect(filesAt(view.commit)).toEqual({ 'parts/a.txt': 'round 3', 'parts/b.txt': 'b after nothing' });
    expect(world.git('rev-list', '--count', `main..${view.commit}`)).toBe('2');
  });

  test('is merged and verified again when the target moved meanwhile', async () => {
    let moved = false;
    await open((job) => {
      if (!moved && partOf(job) === undefined && job.spec.phase === 'verify') {
        moved = true;
        world.commit({ 'other.txt': 'meanwhile\n' });
      }
      return writesItsFile(job);
    });
    const view = await run(world, server, { spec: campaignSpec(diamond) });
    expect(view.status).toBe('delivered');
    expect(world.git('show', `${view.commit}:other.txt`)).toBe('meanwhile');
    expect(Object.keys(filesAt(view.commit))).toHaveLength(4);
  });
});

describe('an end from outside', () => {
  test.each(['Cancelled', 'Superseded'] as const)('%s stops every part', async (how) => {
    const gate = held();
    await open(async (job) => {
      if (partOf(job) !== undefined && job.spec.phase === 'build') await gate.until;
      return writesItsFile(job);
    });
    const runId = await start(campaignSpec([part('a'), part('b')]));
    await approvePlan(runId);
    await until(async () => (await partsOf(runId)).filter(({ status }) => status === 'running').length === 2);
    const ids = (await partsOf(runId)).map((each) => each.runId ?? '');
    if (how === 'Cancelled') await server.service.cancel(runId, 'lead', 'No longer needed.');
    else await start(campaignSpec([part('a'), part('b'), part('x')]));
    gate.letGo();
    const status = how === 'Cancelled' ? 'cancelled' : 'superseded';
    expect((await end(runId)).status).toBe(status);
    for (const id of ids) expect((await end(id)).status).toBe(status);
  });
});
