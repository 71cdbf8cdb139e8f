/*
 * Draws the report's plots in the browser, with uPlot, from the figures the page carries. It fetches nothing.
 * Everything that must be readable without it (the answer, the cards, the table) is already in the page.
 */
(() => {
  const uPlot = window.uPlot;
  const data = JSON.parse(document.getElementById("data").textContent);
  const colours = getComputedStyle(document.documentElement);
  const colour = (name) => colours.getPropertyValue(`--${name}`).trim();
  const HEIGHT = 200;
  let plots = [];

  const duration = (ms) => {
    if (ms === null || ms === undefined) return "–";
    if (ms === 0) return "0";
    const size = Math.abs(ms);
    const [value, unit] =
      size >= 3_600_000 ? [ms / 3_600_000, "h"] : size >= 60_000 ? [ms / 60_000, "min"] : [ms, "ms"];
    const [shown, named] = unit === "ms" && size >= 1_000 ? [ms / 1_000, "s"] : [value, unit];
    return `${Number(shown.toPrecision(3)).toLocaleString("en-GB").replace("-", "−")} ${named}`;
  };
  const count = (value) => (value === null || value === undefined ? "–" : Math.round(value).toLocaleString("en-GB"));
  const percent = (value) => (value === null || value === undefined ? "–" : `${Number(value.toFixed(1))} %`);

  /* Steps between grid lines that are whole seconds, minutes and hours. */
  const STEPS = [0.001, 0.01, 0.1, 1, 10, 100, 1_000].flatMap((power) => [power, 2 * power, 5 * power]);
  for (const seconds of [10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600]) STEPS.push(seconds * 1_000);
  for (let hours = 2; hours < 1e6; hours *= 2) STEPS.push(hours * 3_600_000);
  STEPS.sort((a, b) => a - b);
  /* Between those of what is counted. */
  const WHOLE = Array.from({ length: 10 }, (_, power) => 10 ** power).flatMap((power) => [power, 2 * power, 5 * power]);

  /* Of uPlot: step, format, and what is added at the first tick of a year, month, day, … */
  const DAY = "\n{D} {MMM}";
  const YEAR = "\n{D} {MMM} {YYYY}";
  const CLOCK = [YEAR, null, DAY, null, null, null, 1];
  const TIMES = [
    [31_536_000_000, "{YYYY}", null, null, null, null, null, null, 1],
    [2_419_200_000, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
    [86_400_000, "{D} {MMM}", "\n{YYYY}", null, null, null, null, null, 1],
    [60_000, "{HH}:{mm}", ...CLOCK],
    [1_000, "{HH}:{mm}:{ss}", ...CLOCK],
    [1, "{ss}.{fff} s", ...CLOCK],
  ];

  /* Every bucket of the range, so that a time without invocations is a gap and not a slope. */
  function buckets(account) {
    const byStart = new Map(account.series.map((point) => [point.startMs, point]));
    const first = account.series[0].startMs;
    const last = account.series[account.series.length - 1].startMs;
    const times = [];
    for (let at = first; at <= last; at += account.bucketMs) times.push(at);
    return { times, points: times.map((at) => byStart.get(at)) };
  }

  const each = (points, value) => points.map((point) => (point === undefined ? null : value(point)));

  function axes(format) {
    const common = { stroke: colour("soft"), grid: { stroke: colour("line"), width: 1 }, ticks: { show: false } };
    const values = (_plot, ticks) => ticks.map((tick) => (tick === null ? "" : format(tick)));
    const steps = format === duration ? { incrs: STEPS } : format === count ? { incrs: WHOLE } : {};
    return [
      { ...common, grid: { show: false }, values: TIMES, space: 76, gap: 8 },
      { ...common, ...steps, values, size: 72 },
    ];
  }

  /* Half a bucket more on both sides, so that the first and the last bar are whole. */
  let bucketMs = 0;
  const aroundBuckets = (_plot, low, high) => [low - bucketMs / 2, high + bucketMs / 2];

  function draw(id, options, table) {
    const place = document.getElementById(id);
    const plot = new uPlot(
      {
        width: Math.max(200, place.clientWidth),
        height: HEIGHT,
        ms: 1,
        tzDate: (ms) => uPlot.tzDate(new Date(ms), "Etc/UTC"),
        cursor: { y: false, points: { size: 6 }, sync: options.time === false ? undefined : { key: "time" } },
        legend: { live: true },
        padding: [null, 28, null, null],
        ...options,
        scales: { x: { range: aroundBuckets }, ...options.scales },
      },
      table,
      place,
    );
    plots.push({ place, plot });
  }

  const line = (label, name, format, more) => ({
    label,
    stroke: colour(name),
    width: 1.75,
    points: { show: (plot) => plot.data[0].length < 40, size: 5, fill: colour(name) },
    value: (_plot, value) => format(value),
    ...more,
  });
  const bars = (label, name, format) => ({
    label,
    fill: colour(name),
    width: 0,
    paths: uPlot.paths.bars({ size: [0.86, 40] }),
    points: { show: false },
    value: (_plot, value) => format(value),
  });
  const when = { label: "UTC", value: "{YYYY}-{MM}-{DD} {HH}:{mm}:{ss}" };

  function drawNet({ times, points }) {
    const net = each(points, (point) => point.timeSavedMs - point.waitedMs);
    const gains = net.map((value) => (value !== null && value >= 0 ? value : null));
    const losses = net.map((value) => (value !== null && value < 0 ? value : null));
    const range = (_plot, low, high) => [Math.min(0, low * 1.08), Math.max(0, high * 1.08) || 1];
    draw(
      "net",
      {
        series: [when, bars("saved, net", "gain", duration), bars("lost, net", "loss", duration)],
        axes: axes(duration),
        scales: { y: { range } },
      },
      [times, gains, losses],
    );
  }

  function drawHits({ times, points }) {
    const rate = each(points, ({ hits, misses }) => (hits + misses === 0 ? null : (100 * hits) / (hits + misses)));
    const fill = `${colour("first")}22`;
    draw(
      "hits",
      {
        series: [when, line("hit rate", "first", percent, { fill })],
        axes: axes(percent),
        scales: { y: { range: [0, 100] } },
      },
      [times, rate],
    );
  }

  /* By orders of magnitude: beside one hung call, the usual wait would be a line on the floor. */
  function drawWaits({ times, points }) {
    const [p50, p99] = [each(points, (point) => point.waitP50Ms), each(points, (point) => point.waitP99Ms)];
    const known = [...p50, ...p99].filter((value) => value !== null);
    const low = 10 ** Math.floor(Math.log10(Math.min(1, ...known)));
    const high = 10 ** Math.ceil(Math.log10(Math.max(10, ...known)));
    const [x, y] = axes(duration);
    const powers = [];
    for (let power = low; power <= high * 1.001; power *= 10) powers.push(power);
    draw(
      "waits",
      {
        series: [when, line("p50", "first", duration), line("p99", "second", duration)],
        axes: [x, { ...y, splits: () => powers, filter: (_plot, splits) => splits }],
        scales: { y: { distr: 3, range: [low, high] } },
      },
      [times, p50, p99],
    );
  }

  function drawTraffic({ times, points }) {
    const range = (_plot, _low, high) => [0, high * 1.08 || 1];
    draw(
      "traffic",
      { series: [when, bars("invocations", "first", count)], axes: axes(count), scales: { y: { range } } },
      [times, each(points, (point) => point.invocations)],
    );
  }

  function drawTrouble(account, { times, points }) {
    const colours = ["loss", "second", "first", "gain", "soft"];
    const kinds = data.troubles.filter(({ name }) => account[name] > 0);
    if (kinds.length === 0) {
      document.getElementById("trouble").innerHTML = '<div class="quiet">Nothing failed.</div>';
      return;
    }
    const range = (_plot, _low, high) => [0, high * 1.15 || 1];
    draw(
      "trouble",
      {
        series: [when, ...kinds.map(({ label }, at) => line(label, colours[at % colours.length], count))],
        axes: axes(count),
        scales: { y: { range } },
      },
      [times, ...kinds.map(({ name }) => each(points, (point) => point[name]))],
    );
  }

  /* The bounds are a ladder, not a scale: they stand at equal distances, zero among them. A log is a line of its own. */
  function drawBounds(account) {
    const replays = account.replays ?? (account.isInOrder ? [{ label: "net", bounds: account.bounds }] : []);
    if (replays.length === 0) {
      document.getElementById("bounds").innerHTML = '<div class="quiet">The lines are not in order.</div>';
      return;
    }
    const steps = replays[0].bounds;
    const label = (step) => (steps[step] === undefined ? "" : duration(steps[step].maxStalenessMs));
    const [x, y] = axes(duration);
    const splits = steps.map((_bound, step) => step).filter((step) => step % 3 === 0);
    const range = (_plot, low, high) => [Math.min(0, low * 1.08), Math.max(0, high * 1.08) || 1];
    const zero = { label: "break-even", stroke: colour("soft"), width: 1, dash: [4, 4], points: { show: false } };
    const names = ["gain", "first", "second", "loss", "soft"];
    const lines = replays.map((replay, at) => {
      const name = names[at % names.length];
      const points = { show: true, size: 5, fill: colour(name) };
      return line(replay.label, name, duration, { points });
    });
    draw(
      "bounds",
      {
        time: false,
        series: [
          { label: "maxStalenessMs", value: (_plot, step) => (step === null ? "–" : label(step)) },
          ...lines,
          { ...zero, value: () => "" },
        ],
        axes: [{ ...x, splits: () => splits, values: (_plot, shown) => shown.map(label) }, y],
        scales: { x: { time: false }, y: { range } },
      },
      [
        steps.map((_bound, step) => step),
        ...replays.map(({ bounds }) => bounds.map(({ netTimeSavedMs }) => netTimeSavedMs)),
        steps.map(() => 0),
      ],
    );
  }

  function show(account) {
    for (const { place, plot } of plots) {
      plot.destroy();
      place.textContent = "";
    }
    plots = [];
    for (const id of ["bounds", "trouble"]) document.getElementById(id).textContent = "";
    const series = buckets(account);
    bucketMs = account.bucketMs;
    document.getElementById("width").textContent = duration(account.bucketMs);
    drawNet(series);
    drawHits(series);
    drawWaits(series);
    drawTraffic(series);
    drawBounds(account);
    drawTrouble(account, series);
  }

  if (data.all.series.length === 0) return;
  const select = document.getElementById("group");
  select?.addEventListener("change", () => show(select.value === "" ? data.all : data.groups[Number(select.value)]));
  window.addEventListener("resize", () => {
    for (const { place, plot } of plots) plot.setSize({ width: Math.max(200, place.clientWidth), height: HEIGHT });
  });
  show(data.all);
  document.documentElement.dataset.plots = String(plots.length);
})();
