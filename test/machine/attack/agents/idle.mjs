import './inside.mjs';
