// Passkeys and security keys: between the browser's own form of them and JSON with base64url in it.
(function () {
  "use strict";
  function bytes(text) {
    var plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    var out = new Uint8Array(plain.length);
    for (var i = 0; i < plain.length; i++) { out[i] = plain.charCodeAt(i); }
    return out;
  }
  function text(buffer) {
    var view = new Uint8Array(buffer), out = "";
    for (var i = 0; i < view.length; i++) { out += String.fromCharCode(view[i]); }
    return btoa(out).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }
  function ready(options) {
    var key = options.publicKey;
    key.challenge = bytes(key.challenge);
    if (key.user) { key.user.id = bytes(key.user.id); }
    ["excludeCredentials", "allowCredentials"].forEach(function (name) {
      (key[name] || []).forEach(function (one) { one.id = bytes(one.id); });
    });
    return options;
  }
  function told(credential) {
    var response = {};
    ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"].forEach(function (name) {
      if (credential.response[name]) { response[name] = text(credential.response[name]); }
    });
    if (credential.response.getTransports) { response.transports = credential.response.getTransports(); }
    return JSON.stringify({
      id: credential.id, rawId: text(credential.rawId), type: credential.type, response: response,
      clientExtensionResults: credential.getClientExtensionResults(),
      authenticatorAttachment: credential.authenticatorAttachment || undefined,
    });
  }
  function send(form, credential) {
    form.querySelector("[name=credential]").value = told(credential);
    form.submit();
  }
  function given(name) { return JSON.parse(document.getElementById(name).textContent); }
  function trouble(form) { form.querySelector("[data-trouble]").hidden = false; }

  document.addEventListener("DOMContentLoaded", function () {
    var can = window.PublicKeyCredential && navigator.credentials;
    document.querySelectorAll("form[data-passkey]").forEach(function (form) {
      if (!can) { return; }
      form.hidden = false;
      var act = form.getAttribute("data-passkey");
      form.addEventListener("submit", function (event) {
        event.preventDefault();
        var asked;
        if (act === "add") {
          var options = ready(given("js_data").creation_options);
          var box = form.querySelector("[name=passwordless]");
          var alone = Boolean(box && box.checked);
          var wish = options.publicKey.authenticatorSelection = options.publicKey.authenticatorSelection || {};
          wish.residentKey = alone ? "required" : "discouraged";
          wish.requireResidentKey = alone;
          if (alone) { wish.userVerification = "required"; }
          asked = navigator.credentials.create(options);
        } else if (act === "sign-in") {
          asked = fetch(form.action, { headers: { Accept: "application/json" }, credentials: "same-origin" })
            .then(function (answer) { return answer.json(); })
            .then(function (data) { return navigator.credentials.get(ready(data.request_options)); });
        } else {
          asked = navigator.credentials.get(ready(given("js_data").request_options));
        }
        asked.then(function (credential) { send(form, credential); }).catch(function () { trouble(form); });
      });
    });
  });
})();
