// Applies the chosen colours before anything is painted.
'use strict';
(() => {
  try {
    const chosen = localStorage.getItem('theme');
    if (chosen === 'light' || chosen === 'dark') { document.documentElement.dataset.theme = chosen; }
  } catch { /* storage is blocked: the system's colours it is */ }
})();
