import { settle } from '../../../pipeline/steps/result/settle.ts';
import { fargate } from '../../runtime/fargate.ts';
import { telling } from '../../runtime/notices/telling.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('settle', settle, { launching: fargate, telling });
