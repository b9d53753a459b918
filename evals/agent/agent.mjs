// A small agent for the evals: one tool that runs a command, one that edits a file, and a loop. It calls its model through the gateway, in the
// interface of Anthropic, and starts in milliseconds. `node agent.mjs MODEL`
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

const maxTurns = 60;
const maxOutput = 20_000;
const model = process.argv[2];
const text = { type: 'string' };
const object = (properties) => ({ type: 'object', properties, required: Object.keys(properties) });
const tools = [
  { name: 'bash', description: 'Runs a command in the repository.', input_schema: object({ command: text }) },
  {
    name: 'edit',
    description: 'Replaces a text that a file has once. An empty old_string makes a new file.',
    input_schema: object({ file_path: text, old_string: text, new_string: text }),
  },
];
const work = {
  bash({ command }) {
    try {
      return execFileSync('sh', ['-c', `${command} 2>&1`], { encoding: 'utf8', timeout: 300_000, maxBuffer: 2 ** 26 });
    } catch (error) {
      return `${error.stdout ?? ''}\nexit ${error.status ?? error.signal}`;
    }
  },
  edit({ file_path: file, old_string: before, new_string: after }) {
    if (before === '') writeFileSync(file, after, { flag: 'wx' });
    else {
      const parts = readFileSync(file, 'utf8').split(before);
      if (parts.length !== 2) throw new Error(`the file has the text ${parts.length - 1} times`);
      writeFileSync(file, parts.join(after));
    }
    return 'done';
  },
};

async function ask(messages) {
  const body = JSON.stringify({ model, max_tokens: 8_000, tools, messages });
  const headers = {
    'content-type': 'application/json',
    'anthropic-version': '2023-06-01',
    'x-api-key': process.env.ANTHROPIC_API_KEY,
  };
  for (let waitMs = 1_000; ; waitMs *= 2) {
    const answer = await fetch(`${process.env.ANTHROPIC_BASE_URL}/v1/messages`, { method: 'POST', headers, body });
    if (answer.ok) return answer.json();
    if (answer.status !== 429 && answer.status < 500) throw new Error(`${answer.status} ${await answer.text()}`);
    if (waitMs > 60_000) throw new Error(`the model answers ${answer.status}`);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

const messages = [{ role: 'user', content: readFileSync(process.env.DRYDOCK_PROMPT_FILE, 'utf8') }];
for (let turn = 0; turn < maxTurns; turn += 1) {
  const { content } = await ask(messages);
  messages.push({ role: 'assistant', content });
  for (const block of content) if (block.type === 'text') console.log(block.text);
  const calls = content.filter(({ type }) => type === 'tool_use');
  if (calls.length === 0) break;
  messages.push({
    role: 'user',
    content: calls.map(({ id, name, input }) => {
      console.log(`${name}: ${(input.command ?? input.file_path ?? '').slice(0, 200)}`);
      let output;
      try {
        output = work[name](input);
      } catch (error) {
        output = `error: ${error.message}`;
      }
      return { type: 'tool_result', tool_use_id: id, content: output.slice(-maxOutput) || '(no output)' };
    }),
  });
}
