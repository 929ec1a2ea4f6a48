'use strict';
(function () {
  const TILE = 168, GAP = 10, STUDY = 48, SERIES = 34, AHEAD = 1200, WHEEL = 60;
  const $ = (id) => document.getElementById(id);
  const sheet = $('sheet'), viewer = $('viewer'), picture = $('picture');

  // The data: one block a study, a series, an image; pictures stay text until they are shown.
  const studies = [], modalities = new Map();
  let total = 0;
  for (const block of document.querySelectorAll('script[data-kind]')) {
    const kind = block.dataset.kind;
    if (kind === 'thumb' || kind === 'full') continue;
    const it = JSON.parse(block.textContent);
    if (kind === 'study') {
      it.series = [];
      studies.push(it);
    } else if (kind === 'series') {
      it.study = studies[studies.length - 1];
      it.images = [];
      it.study.series.push(it);
      modalities.set(it.modality, (modalities.get(it.modality) || 0) + 1);
    } else if (kind === 'image') {
      const all = studies[studies.length - 1].series;
      it.series = all[all.length - 1];
      it.block = block;
      it.at = it.series.images.length;
      it.series.images.push(it);
      total++;
    }
  }

  const join = (...parts) => parts.filter((p) => p !== undefined && p !== null && p !== '').join(' · ');
  const count = (n, word) => n + " " + word + (n === 1 || word === "series" ? "" : "s");
  const studyTitle = (s) => join((s.patientName || '').replace(/\^+/g, ' '), s.patientId, s.date, s.description) || 'Study';
  const studyDetail = (s) => join(s.birthDate && 'born ' + s.birthDate, s.sex, s.accession && 'accession ' + s.accession, s.uid);
  const seriesTitle = (s) => join(s.modality || 'no modality', s.number !== undefined && 'series ' + s.number, s.description, s.bodyPart);
  const imageTitle = (i) => 'Image ' + (i.at + 1) + ' of ' + i.series.images.length;

  function source(image, full) {
    let block = image.block.nextElementSibling;
    if (!block || block.dataset.kind !== 'thumb') return '';
    const next = block.nextElementSibling;
    if (full && next && next.dataset.kind === 'full') block = next;
    return 'data:image/jpeg;base64,' + block.textContent;
  }

  // What is shown: rows with fixed heights, of which only those near the window are in the page.
  let rows = [], shown = [], columns = 1, perSeries = false, active = 0, seriesShown = 0, height = 0;
  const chosen = new Set(), live = new Map();

  function haystack(series) {
    if (series.text === undefined) {
      const s = series.study;
      series.text = [s.patientName, s.patientId, s.date, s.description, s.accession, s.uid, series.modality,
        series.description, series.bodyPart, series.uid, 'series ' + series.number].join('\n').toLowerCase();
    }
    return series.text;
  }

  function matches(series, words) {
    if (chosen.size > 0 && !chosen.has(series.modality)) return false;
    return words.every((w) => haystack(series).includes(w) || series.images.some((i) => i.sop === w));
  }

  function addRow(kind, size, extra) {
    rows.push(Object.assign({ kind, top: height, size }, extra));
    height += size;
  }

  function layout() {
    const words = $('text').value.toLowerCase().split(/\s+/).filter(Boolean);
    const before = shown[active];
    columns = Math.max(1, Math.floor((sheet.clientWidth + GAP) / (TILE + GAP)));
    rows = []; shown = []; height = 0; seriesShown = 0;
    for (const study of studies) {
      const found = study.series.filter((s) => matches(s, words));
      if (found.length === 0) continue;
      addRow('study', STUDY, { study });
      const add = (list) => {
        for (let i = 0; i < list.length; i += columns) {
          addRow('tiles', TILE + GAP, { from: shown.length, n: Math.min(columns, list.length - i) });
          shown.push(...list.slice(i, i + columns));
        }
      };
      for (const series of found) {
        seriesShown++;
        if (!perSeries) {
          addRow('series', SERIES, { series });
          add(series.images);
        }
      }
      if (perSeries) {
        const middles = found.filter((s) => s.images.length > 0);
        add(middles.map((s) => s.images[s.images.length >> 1]));
      }
    }
    for (const row of rows) row.end = row.top + row.size;
    active = Math.max(0, shown.indexOf(before));
    for (const element of live.values()) element.remove();
    live.clear();
    sheet.style.height = height + 'px';
    const all = perSeries ? count(seriesShown, 'series') : count(shown.length, 'image') + ' in ' + count(seriesShown, 'series');
    $('status').textContent = all + (shown.length < total && !perSeries ? ', of ' + total : '');
    $('empty').hidden = rows.length > 0;
    draw();
  }

  function tile(image, index) {
    const button = document.createElement('button');
    const series = image.series;
    button.type = 'button';
    button.className = 'tile';
    button.dataset.index = index;
    button.tabIndex = index === active ? 0 : -1;
    button.setAttribute('aria-label', perSeries
      ? seriesTitle(series) + ', ' + count(series.images.length, 'image')
      : seriesTitle(series) + ', ' + imageTitle(image).toLowerCase() + (image.error ? ', ' + image.error : ''));
    const text = source(image, false);
    if (text) {
      const img = document.createElement('img');
      img.alt = '';
      img.src = text;
      button.append(img);
    }
    const label = document.createElement('span');
    label.textContent = perSeries ? join(series.modality, series.images.length) : image.error || image.at + 1;
    if (image.error) label.className = 'bad';
    button.append(label);
    return button;
  }

  function make(row) {
    const element = document.createElement('div');
    element.className = 'row ' + row.kind;
    element.style.top = row.top + 'px';
    element.style.height = row.size + 'px';
    if (row.kind === 'tiles') {
      for (let i = row.from; i < row.from + row.n; i++) element.append(tile(shown[i], i));
      return element;
    }
    const heading = document.createElement(row.kind === 'study' ? 'h2' : 'h3');
    const detail = document.createElement('small');
    heading.textContent = (row.kind === 'study' ? studyTitle(row.study) : seriesTitle(row.series)) + ' ';
    detail.textContent = row.kind === 'study' ? studyDetail(row.study) : count(row.series.images.length, 'image');
    heading.title = row.kind === 'study' ? row.study.uid : row.series.uid;
    heading.append(detail);
    element.append(heading);
    return element;
  }

  function firstBelow(y) {
    let low = 0, high = rows.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rows[middle].end <= y) low = middle + 1; else high = middle;
    }
    return low;
  }

  function draw() {
    const top = -sheet.getBoundingClientRect().top;
    const from = firstBelow(top - AHEAD), wanted = new Set();
    for (let i = from; i < rows.length && rows[i].top < top + innerHeight + AHEAD; i++) wanted.add(i);
    const kept = document.activeElement && document.activeElement.closest('.row');
    for (const [i, element] of live) {
      if (!wanted.has(i) && element !== kept) { element.remove(); live.delete(i); }
    }
    let after = null; // rows stand in the page in their order, for readers and for the Tab key
    for (const i of [...new Set([...wanted, ...live.keys()])].sort((a, b) => b - a)) {
      let element = live.get(i);
      if (!element) {
        element = make(rows[i]);
        live.set(i, element);
        sheet.insertBefore(element, after);
      }
      after = element;
    }
    if (!sheet.querySelector('.tile[tabindex="0"]')) {
      const first = sheet.querySelector('.tile');
      if (first) first.tabIndex = 0;
    }
  }

  let asked = false;
  function drawSoon() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => { asked = false; draw(); });
  }

  function focusTile(index) {
    if (index < 0 || index >= shown.length) return;
    const row = rows.find((r) => r.kind === 'tiles' && index >= r.from && index < r.from + r.n);
    const head = document.querySelector('header').offsetHeight;
    const y = sheet.getBoundingClientRect().top + row.top;
    for (const t of sheet.querySelectorAll('.tile[tabindex="0"]')) t.tabIndex = -1;
    active = index;
    if (y < head + SERIES) scrollBy(0, y - head - SERIES - GAP);
    else if (y + row.size > innerHeight) scrollBy(0, y + row.size - innerHeight + GAP);
    draw();
    const button = sheet.querySelector('.tile[data-index="' + index + '"]');
    button.tabIndex = 0;
    button.focus({ preventScroll: true });
  }

  // Up and down keep to the column, across the headings between rows.
  function vertical(index, step) {
    const tiles = rows.filter((r) => r.kind === 'tiles');
    const at = tiles.findIndex((r) => index >= r.from && index < r.from + r.n);
    const to = tiles[at + step];
    return to ? to.from + Math.min(index - tiles[at].from, to.n - 1) : index;
  }

  sheet.addEventListener('click', (e) => {
    const button = e.target.closest('.tile');
    if (button) open(shown[active = +button.dataset.index]);
  });
  sheet.addEventListener('keydown', (e) => {
    const button = e.target.closest('.tile');
    if (!button || e.altKey || e.ctrlKey || e.metaKey) return;
    const i = +button.dataset.index;
    const to = { ArrowRight: i + 1, ArrowLeft: i - 1, Home: 0, End: shown.length - 1 }[e.key];
    if (to !== undefined) focusTile(to);
    else if (e.key === 'ArrowDown') focusTile(vertical(i, 1));
    else if (e.key === 'ArrowUp') focusTile(vertical(i, -1));
    else return;
    e.preventDefault();
  });

  // One picture, and the others of its series.
  let current = null;

  function show(image) {
    const series = image.series, n = series.images.length;
    current = image;
    $('viewer-title').textContent = join(studyTitle(series.study), seriesTitle(series));
    picture.alt = seriesTitle(series) + ', ' + imageTitle(image).toLowerCase();
    const text = source(image, true);
    if (text) picture.src = text; else picture.removeAttribute('src');
    picture.hidden = !text;
    $('slider').max = n;
    $('slider').value = image.at + 1;
    $('slider').setAttribute('aria-valuetext', imageTitle(image));
    $('place').textContent = image.at + 1 + ' / ' + n;
    $('caption').textContent = image.error ||
      join(image.number !== undefined && 'instance ' + image.number, image.frame && 'frame ' + image.frame + ' of ' + image.frames,
        image.width && image.width + ' × ' + image.height + ' pixels', image.window && 'window ' + image.window,
        image.smaller && 'shown smaller', 'SOP ' + image.sop);
  }

  function open(image) {
    show(image);
    viewer.showModal();
    $('slider').focus();
  }

  function step(by) {
    const next = current.series.images[current.at + by];
    if (next) show(next);
  }

  function stepSeries(by) {
    const order = [...new Set(shown.map((i) => i.series))];
    const next = order[order.indexOf(current.series) + by];
    if (next && next.images.length > 0) show(next.images[0]);
  }

  let turned = 0;
  viewer.addEventListener('wheel', (e) => {
    e.preventDefault();
    turned += e.deltaMode === 0 ? e.deltaY : e.deltaY * WHEEL;
    while (Math.abs(turned) >= WHEEL) {
      step(Math.sign(turned));
      turned -= Math.sign(turned) * WHEEL;
    }
  }, { passive: false });
  viewer.addEventListener('keydown', (e) => {
    if (e.altKey || e.ctrlKey || e.metaKey) return;
    const last = current.series.images.length - 1;
    if (e.key === 'ArrowRight' || e.key === 'ArrowDown') step(1);
    else if (e.key === 'ArrowLeft' || e.key === 'ArrowUp') step(-1);
    else if (e.key === 'Home') step(-current.at);
    else if (e.key === 'End') step(last - current.at);
    else if (e.key === 'PageDown') stepSeries(1);
    else if (e.key === 'PageUp') stepSeries(-1);
    else return;
    e.preventDefault();
  });
  viewer.addEventListener('close', () => {
    const at = perSeries ? shown.findIndex((i) => i.series === current.series) : shown.indexOf(current);
    picture.removeAttribute('src');
    focusTile(at >= 0 ? at : active);
  });
  $('slider').addEventListener('input', () => show(current.series.images[$('slider').value - 1]));
  $('before').addEventListener('click', () => step(-1));
  $('after').addEventListener('click', () => step(1));
  $('close').addEventListener('click', () => viewer.close());

  // Filters and looks.
  for (const name of [...modalities.keys()].sort()) {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = (name || 'none') + ' ' + modalities.get(name);
    button.setAttribute('aria-label', (name || 'no modality') + ', ' + modalities.get(name) + ' series');
    button.setAttribute('aria-pressed', 'false');
    button.addEventListener('click', () => {
      const on = !chosen.has(name);
      if (on) chosen.add(name); else chosen.delete(name);
      button.setAttribute('aria-pressed', on);
      layout();
    });
    $('modalities').append(button);
  }
  $('tools').addEventListener('submit', (e) => e.preventDefault());
  $('text').addEventListener('input', layout);
  $('per').addEventListener('click', () => {
    perSeries = !perSeries;
    $('per').setAttribute('aria-pressed', perSeries);
    layout();
  });
  const themes = ['system', 'light', 'dark'];
  let theme = 0;
  function setTheme(n) {
    theme = n;
    if (n > 0) document.documentElement.dataset.theme = themes[n];
    else delete document.documentElement.dataset.theme;
    $('theme').textContent = 'Theme: ' + themes[n];
    try { localStorage.setItem('wadokit-theme', themes[n]); } catch (e) { /* not kept */ }
  }
  try { theme = Math.max(0, themes.indexOf(localStorage.getItem('wadokit-theme'))); } catch (e) { theme = 0; }
  setTheme(theme);
  $('theme').addEventListener('click', () => setTheme((theme + 1) % themes.length));

  const empty = document.createElement('p');
  empty.id = 'empty';
  empty.className = 'none';
  empty.textContent = total === 0 ? 'There is no picture in this gallery.' : 'Nothing matches.';
  sheet.before(empty);
  addEventListener('scroll', drawSoon, { passive: true });
  let width = 0;
  new ResizeObserver(() => {
    if (sheet.clientWidth !== width) { width = sheet.clientWidth; layout(); } else drawSoon();
  }).observe(sheet);
  addEventListener('resize', drawSoon);
  layout();
})();
