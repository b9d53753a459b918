import { queue } from '../../../pipeline/steps/intake/queue.ts';
import { notifying } from '../../runtime/notices/notifying.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('queue', queue, { notifying });
