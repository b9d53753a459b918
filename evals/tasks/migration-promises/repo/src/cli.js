import { total } from './report.js';
import { write } from './store.js';

write('c', 3, (error) => {
  if (error) throw error;
  total(['a', 'b', 'c'], (failed, sum) => {
    if (failed) throw failed;
    console.log(`total ${sum}`);
  });
});
