import { queue } from '../pipeline/steps/queue.ts';
import { stepHandler } from './handler.ts';

export const handler = stepHandler('queue', queue);
