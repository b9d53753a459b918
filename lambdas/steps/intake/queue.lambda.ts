import { queue } from '../../../pipeline/steps/intake/queue.ts';
import { telling } from '../../runtime/notices/telling.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('queue', queue, { telling });
