import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    reverse: { type: 'boolean', default: false },
    'max-lines': { type: 'string', default: '5000' },
    locale: { type: 'string', default: 'en-GB' },
  },
});
console.log(JSON.stringify(values));
