import { describe } from 'vitest';
import { phaseRunnerContract } from '../machine/contract/phase-runner-contract.ts';
import { fargate } from '../support/containers/walls.ts';

describe('in a container as on Fargate', () => phaseRunnerContract(fargate()));
