// A thousand distinct signed pushes at once, a spec in each, to a server that is killed -9 once in the middle of working
// on them. Prints how long the slowest waited for its answer, and that each spec has one run.
import { flood } from '../../test/support/flood.ts';

interface FloodFigures {
  pushes: number;
  answered: number;
  slowestAnswerMs: number;
  runs: number;
  specsWithOneRun: number;
  runsPerSecond: number;
  kills: number;
}

const pushes = Number(process.argv[2] ?? 1_000);
const { answers, slowestMs, ms, tasks, kills } = await flood(pushes, 1);
const figures: FloodFigures = {
  pushes,
  answered: answers[202] ?? 0,
  slowestAnswerMs: slowestMs,
  runs: tasks.length,
  specsWithOneRun: new Set(tasks).size,
  runsPerSecond: Math.round((tasks.length * 1_000) / ms),
  kills,
};
console.log(JSON.stringify(figures));
