import { settle } from '../../../pipeline/steps/result/settle.ts';
import { announcing } from '../../runtime/notices/announcing.ts';
import { stopping } from '../../runtime/running-phases.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('settle', settle, { stopping, announcing });
