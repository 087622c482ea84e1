// Runs before the first paint, so that a chosen theme never flashes in the other one. A module would come too late.
(() => {
  try {
    const theme = localStorage.getItem("parley.theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch {
    // Storage may be refused; then the system's theme is used.
  }
})();
