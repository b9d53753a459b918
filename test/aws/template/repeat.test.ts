/** A deployment that fails anywhere, or is deleted, comes up when it is made again (AWS-REVIEW F1 to F4, F18). */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { Account } from '../../support/aws/cloudformation.ts';
import { oidc, synthesizeHere, type Template } from '../../support/aws/template.ts';

let kept: Template;
let run: Template;
beforeAll(() => {
  ({ kept, run } = synthesizeHere({ oidc }));
});
const failing = (template: Template) => fc.constantFrom(...Object.keys(template.Resources));

/** Creates a stack while it fails at these resources, one after another, and then once more. */
function until(account: Account, template: Template, fails: readonly string[]) {
  for (const id of fails) expect(() => account.create(template, id)).toThrow(`${id}: it fails`);
  return account.create(template);
}

describe('in a new account', () => {
  test('both stacks come up the first time', () => {
    const account = new Account();
    account.create(kept);
    account.create(run);
  });

  test('each comes up after it failed at any resource, any number of times, and again after it was deleted', () => {
    const times = { maxLength: 4 };
    fc.assert(
      fc.property(
        fc.array(failing(kept), times),
        fc.array(failing(run), times),
        fc.array(failing(run), times),
        (ofKept, ofRun, later) => {
          const account = new Account();
          until(account, kept, ofKept);
          account.delete(run, until(account, run, ofRun));
          until(account, run, later);
        },
      ),
    );
  });

  test('the stack of what is kept is not made beside what an earlier one left: the other stack finds that', () => {
    const account = new Account();
    account.delete(kept, account.create(kept));
    expect(() => account.create(kept)).toThrow(/"\/drydock\/\w+" already exists/);
    account.create(run);
  });

  test('each resource of both is among them', () => {
    for (const template of [kept, run])
      for (const id of Object.keys(template.Resources)) until(new Account(), template, [id]);
  });
});

test('what a failed creation would leave is left only where it cannot be deleted', () => {
  const left = [kept, run].flatMap(({ Resources }) =>
    Object.values(Resources).flatMap(({ Type, DeletionPolicy }) => (DeletionPolicy === 'Retain' ? [Type] : [])),
  );
  expect(left).toEqual(Array(3).fill('AWS::DynamoDB::Table'));
});
