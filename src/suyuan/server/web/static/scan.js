// Work with a scanner or a telephone: the box that is always ready, the running list, the camera, and what waits to be sent.
(function () {
  "use strict";

  var form, words, box, list, said, entered = "";
  var BATTERY = /^([0-9A-Z]{24}(RP|RM|RC)?|[0-9A-Z]{19})$/, VIN = /^[0-9A-HJ-NPR-Z]{17}$/;
  var NOTE = /\/w\/transfers\/(\d+)\?code=([A-Z2-7]{16})/i;

  function part(name) { return document.querySelector("[data-" + name + "]"); }
  function word(name) { return words.getAttribute("data-" + name); }
  function shown(element, yes) { if (element) { element.hidden = !yes; } }
  function key() {
    var bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.prototype.map.call(bytes, function (each) { return ("0" + each.toString(16)).slice(-2); }).join("");
  }
  function today() {
    return new Intl.DateTimeFormat("sv-SE", { timeZone: "Asia/Shanghai", year: "numeric", month: "2-digit", day: "2-digit" }).format(new Date());
  }

  // ---------------------------------------------------------------- signals

  var sound = null;
  function signal(good) {
    if (!navigator.userActivation || !navigator.userActivation.hasBeenActive) { return; }
    if (navigator.vibrate) { navigator.vibrate(good ? 60 : [120, 80, 120]); }
    var Context = window.AudioContext || window.webkitAudioContext;
    if (!Context) { return; }
    sound = sound || new Context();
    var tone = sound.createOscillator(), loud = sound.createGain();
    tone.frequency.value = good ? 1200 : 300;
    loud.gain.value = 0.08;
    tone.connect(loud); loud.connect(sound.destination);
    tone.start(); tone.stop(sound.currentTime + (good ? 0.08 : 0.35));
  }
  function say(text, good) { said.textContent = text; said.classList.toggle("good", Boolean(good)); }

  // ---------------------------------------------------------------- the list

  function plain(text) {
    var typed = text.replace(/[！-～]/g, function (sign) { return String.fromCharCode(sign.charCodeAt(0) - 0xfee0); }).replace(/　/g, " ").trim();
    if (typed.indexOf("://") > 0) {
      var steps = typed.replace(/^[a-z]+:\/\/[^/]*/i, "").replace(/[?#].*$/, "").split("/").filter(Boolean);
      var at = steps.findIndex(function (step) { return step === "b" || step === "21" || step === "250"; });
      typed = at >= 0 && steps[at + 1] ? steps[at + 1] : steps[steps.length - 1] || "";
      try { typed = decodeURIComponent(typed); } catch (error) { /* as it stands */ }
    }
    return typed.replace(/[\s-]/g, "").toUpperCase();
  }
  function codes() { return Array.prototype.map.call(list.querySelectorAll("[name=code]"), function (each) { return each.value; }); }
  function counted() {
    var number = codes().length;
    part("count").textContent = number;
    shown(part("empty"), number === 0);
  }
  function mark(line, tone, icon, text) {
    var status = line.querySelector(".status");
    status.className = "status status-" + tone;
    status.querySelectorAll("[data-icon]").forEach(function (each) { shown(each, each.getAttribute("data-icon") === icon); });
    status.querySelector("[data-text]").textContent = text;
  }
  function add(text) {
    var note = NOTE.exec(text);
    if (note) { location.assign("/w/transfers/" + note[1] + "?code=" + note[2].toUpperCase()); return; }
    var code = plain(text), vin = form.elements.vin;
    if (!code) { return; }
    if (vin && VIN.test(code)) { vin.value = code; say(word("vin"), true); signal(true); return; }
    var there = codes().indexOf(code);
    if (there >= 0) {
      var line = list.children[there];
      line.classList.add("flash");
      setTimeout(function () { line.classList.remove("flash"); }, 1500);
      say(word("twice") + " " + code); signal(false);
      return;
    }
    list.appendChild(made(code));
    counted();
    if (!BATTERY.test(code)) { mark(list.lastElementChild, "bad", "alert-triangle", word("not-code")); say(word("not-code") + " " + code); signal(false); return; }
    say("");
    check();
  }
  function made(code) {
    var line = document.importNode(part("line").content, true).firstElementChild;
    line.querySelector("[name=code]").value = code;
    line.querySelector(".scan-code").textContent = code;
    line.querySelector("button .visually-hidden").textContent = word("off") + " " + code;
    mark(line, "info", "info-circle", word("checking"));
    return line;
  }
  async function check() {
    var asked = new FormData();
    asked.append("task", form.getAttribute("data-task"));
    codes().forEach(function (code) { asked.append("code", code); });
    var newest = codes()[codes().length - 1];
    try {
      var answer = await send(form.getAttribute("data-check"), asked);
      if (!answer.ok) { throw new Error(answer.status); }
      (await answer.json()).lines.forEach(function (each) {
        var line = list.children[codes().indexOf(each.code)];
        if (!line) { return; }
        mark(line, each.tone, each.icon, each.words);
        if (each.code === newest) {
          var fits = each.tone !== "bad" && each.tone !== "warn";
          if (!fits) { say(each.words + " " + each.code); }
          signal(fits);
        }
      });
    } catch (error) {
      var at = list.children[codes().indexOf(newest)];
      if (at) { mark(at, "warn", "clock", word("unchecked")); }
      signal(true);
    }
  }
  function emptied() {
    list.textContent = "";
    var kept = Array.prototype.map.call(form.querySelectorAll("[data-keep]"), function (each) { return [each, each.value]; });
    form.reset();
    kept.forEach(function (pair) { pair[0].value = pair[1]; });
    shown(part("photos"), false);
    counted();
    box.focus();
  }

  // ---------------------------------------------------------------- photos and camera

  function send(address, body) {
    body.set("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    return fetch(address, { method: "POST", body: body, credentials: "same-origin", redirect: "manual", headers: { Accept: "application/json" } });
  }
  async function readPhoto(input) {
    var asked = new FormData();
    asked.append("reading", input.files[0]);
    input.value = "";
    try {
      var answer = await send(form.getAttribute("data-read"), asked), told = await answer.json();
      if (!answer.ok) { say(told.words); signal(false); return; }
      if (!told.codes.length) { say(word("none")); signal(false); }
      told.codes.forEach(add);
    } catch (error) { say(word("none")); signal(false); }
    box.focus();
  }

  var stream = null;
  async function camera() {
    var view = part("view"), video = view.querySelector("video");
    if (stream) { stream.getTracks().forEach(function (track) { track.stop(); }); stream = null; shown(view, false); return; }
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
    } catch (error) { say(word("camera-off")); return; }
    ZXingWASM.prepareZXingModule({ overrides: { locateFile: function () { return form.getAttribute("data-wasm"); } } });
    video.srcObject = stream;
    shown(view, true);
    await video.play();
    look(video, document.createElement("canvas"), stream);
  }
  async function look(video, canvas, of) {
    while (stream === of) {
      if (video.videoWidth) {
        canvas.width = video.videoWidth; canvas.height = video.videoHeight;
        var paper = canvas.getContext("2d", { willReadFrequently: true });
        paper.drawImage(video, 0, 0);
        var found = await ZXingWASM.readBarcodes(paper.getImageData(0, 0, canvas.width, canvas.height), { formats: ["QRCode", "DataMatrix", "Code128"], tryHarder: true, maxNumberOfSymbols: 4 });
        found.forEach(function (each) { if (each.text && each.text !== entered) { entered = each.text; add(each.text); } });
      }
      await new Promise(function (next) { setTimeout(next, 150); });
    }
  }

  // ---------------------------------------------------------------- what waits to be sent

  var store = null, sending = false, owner = "";
  function opened() {
    return new Promise(function (done, failed) {
      var asked = indexedDB.open("suyuan-scan", 1);
      asked.onupgradeneeded = function () { asked.result.createObjectStore("waiting", { keyPath: "number", autoIncrement: true }); };
      asked.onsuccess = function () { done(asked.result); };
      asked.onerror = function () { failed(asked.error); };
    });
  }
  function act(kind, work) {
    return new Promise(function (done, failed) {
      var transaction = store.transaction("waiting", kind), asked = work(transaction.objectStore("waiting"));
      transaction.oncomplete = function () { done(asked.result); };
      transaction.onerror = function () { failed(transaction.error); };
      transaction.onabort = function () { failed(transaction.error); };
    });
  }
  function waiting() { return act("readonly", function (all) { return all.getAll(); }); }

  async function keep(button) {
    var fields = [], files = [];
    new FormData(form).forEach(function (value, name) {
      if (name === "csrfmiddlewaretoken" || name === "typed" || name === "key" || name === "reading") { return; }
      if (typeof value === "string") { fields.push([name, value]); } else if (value.size) { files.push([name, value]); }
    });
    if (!fields.some(function (each) { return each[0] === "day" && each[1]; })) { fields = fields.filter(function (each) { return each[0] !== "day"; }).concat([["day", today()]]); }
    fields.push([button.name, button.value], ["key", key()]);
    await act("readwrite", function (all) {
      return all.add({ owner: owner, address: form.getAttribute("action"), fields: fields, files: files, at: Date.now(), words: "", refused: false });
    });
  }
  async function flush() {
    if (sending || !store) { return; }
    sending = true;
    try {
      var all = await waiting();
      for (var place = 0; place < all.length; place += 1) {
        if (all[place].owner === owner && !all[place].refused && !(await sent(all[place]))) { break; }
      }
    } finally { sending = false; }
    await tell();
  }
  async function refreshed() {
    var answer = await fetch(form.getAttribute("data-mark"), { credentials: "same-origin", redirect: "manual", headers: { Accept: "application/json" } });
    if (!answer.ok) { say(word("sign-in")); return false; }
    var told = await answer.json();
    if (String(told.owner) !== owner) { say(word("sign-in")); return false; }
    form.elements.csrfmiddlewaretoken.value = told.mark;
    return true;
  }
  async function sent(one) {
    var body = new FormData();
    one.fields.concat(one.files).forEach(function (each) { body.append(each[0], each[1]); });
    try {
      if (!(await refreshed())) { return false; }
      var answer = await send(one.address, body);
      if (answer.type === "opaqueredirect" || answer.status === 429 || answer.status >= 500) { return false; }
      var told = await answer.json();
      if (!told.ok) {
        one.refused = true; one.words = told.words;
        await act("readwrite", function (all) { return all.put(one); });
        say(told.words); signal(false);
        return true;
      }
      await act("readwrite", function (all) { return all.delete(one.number); });
      say(told.words || word("sent"), true); signal(true);
      if (told.address && !codes().length) { location.assign(told.address); return false; }
      return true;
    } catch (error) { return false; }
  }
  async function tell() {
    var all = await waiting(), place = part("entries");
    shown(part("queue"), all.length > 0);
    shown(part("offline"), !navigator.onLine);
    part("waiting").textContent = all.length;
    place.textContent = "";
    all.forEach(function (one) { place.appendChild(entry(one)); });
  }
  function entry(one) {
    var line = document.importNode(part("entry").content, true).firstElementChild, mine = one.owner === owner;
    var listed = one.fields.filter(function (each) { return each[0] === "code"; }).map(function (each) { return each[1]; });
    line.querySelector(".status").classList.add(one.refused ? "status-bad" : "status-warn");
    line.querySelector("[data-text]").textContent = !mine ? word("other") : one.refused ? one.words : word("waits");
    line.querySelector("[data-when]").textContent = new Date(one.at).toLocaleString() + (mine ? " " + listed.join(" ") : "");
    var button = line.querySelector("[data-discard-one]");
    button.querySelector("span").textContent = word("discard");
    async function gone() { await act("readwrite", function (every) { return every.delete(one.number); }); await tell(); }
    shown(button, mine && one.refused);
    button.addEventListener("click", gone);
    var again = line.querySelector("[data-correct-one]");
    again.textContent = word("correct");
    shown(again, mine && one.refused && one.address === form.getAttribute("action"));
    again.addEventListener("click", function () { back(one); gone(); });
    return line;
  }

  // what was refused stands in the form again, to be put right; its photos must be taken again
  function back(one) {
    emptied();
    one.fields.forEach(function (each) {
      var name = each[0], field = form.elements[name];
      if (name === "code") { list.appendChild(made(each[1])); return; }
      if (!field || name === "task" || name === "key" || name === "save" || name === "condition") { return; }
      if (field.type === "checkbox") { field.checked = true; } else { field.value = each[1]; }
    });
    counted();
    check();
  }

  // ---------------------------------------------------------------- the page

  async function save(button) {
    if (box.value.trim()) { add(box.value); box.value = ""; }
    if (!codes().length && form.getAttribute("data-task") !== "scrap") { say(word("nothing")); signal(false); box.focus(); return; }
    await keep(button);
    emptied();
    say(word(navigator.onLine ? "kept" : "waits"), true);
    await tell();
    await flush();
  }
  function listen() {
    form.addEventListener("submit", function (event) {
      var button = event.submitter || document.activeElement;
      if (!store) { return; }  // no store on this telephone: the form goes the plain way
      event.preventDefault();
      if (button && button.hasAttribute("data-save")) { save(button); return; }
      add(box.value); box.value = ""; box.focus();
    });
    box.addEventListener("keydown", function (event) {
      if (event.key !== "Enter") { return; }
      event.preventDefault();
      add(box.value); box.value = "";
    });
    document.addEventListener("keydown", function (event) {
      var at = document.activeElement;
      if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && event.key !== "/" && event.key !== " " && (!at || !/^(INPUT|SELECT|TEXTAREA)$/.test(at.tagName))) { box.focus(); }
    });
    document.addEventListener("click", function (event) {
      var off = event.target.closest("[data-take-off]"), line = off && off.closest("li");
      if (line) { line.remove(); counted(); }
      if (line || !event.target.closest("a, button, input, select, textarea, label, summary, details")) { box.focus(); }
    });
    form.elements.reading.addEventListener("change", function (event) { if (event.target.files.length) { readPhoto(event.target); } });
    if (form.elements.photo) {
      form.elements.photo.addEventListener("change", function (event) {
        var badge = part("photos");
        badge.textContent = event.target.files.length;
        shown(badge, event.target.files.length > 0);
      });
    }
    if (navigator.mediaDevices && navigator.mediaDevices.getUserMedia && window.WebAssembly && window.ZXingWASM) {
      shown(part("camera"), true);
      part("camera").addEventListener("click", camera);
    }
    part("send-now").addEventListener("click", flush);
    window.addEventListener("online", flush);
    window.addEventListener("offline", tell);
    setInterval(flush, 15000);
  }
  document.addEventListener("DOMContentLoaded", async function () {
    form = part("scan"); words = part("words");
    if (!form || !words) { return; }
    box = form.elements.typed; list = part("list"); said = part("said"); owner = form.getAttribute("data-owner");
    Array.prototype.forEach.call(list.querySelectorAll("li"), function (line) { line.replaceWith(made(line.querySelector("[name=code]").value)); });
    if (list.children.length) { check(); }
    listen();
    try { store = await opened(); } catch (error) { store = null; }
    if (store) { await tell(); await flush(); }
    form.setAttribute("data-ready", "");
    box.focus();
  });
})();
