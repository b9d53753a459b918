import { queue } from '../../../pipeline/steps/intake/queue.ts';
import { announcing } from '../../runtime/notices/announcing.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('queue', queue, { announcing });
