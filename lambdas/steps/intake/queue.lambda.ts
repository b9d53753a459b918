import { queue } from '../../../pipeline/steps/intake/queue.ts';
import { stepHandler } from '../../runtime/handler.ts';

export const handler = stepHandler('queue', queue);
