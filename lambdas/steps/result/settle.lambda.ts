import { settle } from '../../../pipeline/steps/result/settle.ts';
import { fargate } from '../../runtime/fargate.ts';
import { announcing } from '../../runtime/notices/announcing.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('settle', settle, { launching: fargate, announcing });
