import { askHuman } from '../../../pipeline/steps/people/ask-human.ts';
import { announcing } from '../../runtime/notices/announcing.ts';
import { stepHandler } from '../../runtime/step-handler.ts';

export const handler = stepHandler('ask-human', askHuman, { announcing });
