import fc from 'fast-check';

// Properties look at other values each time, so that a seldom fault is met some day; in CI at the same ones, so that a
// change is not refused for what it did not do.
if (process.env.CI) fc.configureGlobal({ seed: 20_261_121 });
