/** The program of the thread of one machine: that of a function, and the colours of changes on the pages. */
import { diffJob } from '../adapters/github/merge/diff-file.ts';
import { mergeJob } from '../adapters/github/merge/merge-text.ts';
import { similarityJob } from '../adapters/github/merge/renames.ts';
import { coloursJob } from '../adapters/thread/colours.ts';
import { serveJobs } from '../adapters/thread/serve.ts';
import { attentionJob } from '../core/guard/attention/attention.ts';
import { guardJob } from '../core/guard/guard.ts';

serveJobs([guardJob, attentionJob, diffJob, mergeJob, similarityJob, coloursJob]);
