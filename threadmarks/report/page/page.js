/* Steps through the turns of each picture on the page. Everything it tells stands in the page already: sentences in the
   list of turns, positions and standings in the JSON beside it. It asks for nothing from anywhere. */
(() => {
  "use strict";
  const text = (id) => document.getElementById(id).textContent;
  const source = JSON.parse(text("source-lines"));
  const steppers = [];
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  class Stepper {
    constructor(section) {
      this.section = section;
      this.key = section.dataset.key;
      this.data = JSON.parse(section.querySelector("script[type='application/json']").textContent);
      this.sentences = [...section.querySelectorAll(".all li")];
      this.told = section.querySelector(".told");
      this.place = section.querySelector(".where");
      this.cursor = section.querySelector(".cursor");
      this.lanes = section.querySelector(".lanes");
      this.rows = [...section.querySelectorAll(".standings tbody tr")];
      this.lines = null; // made when the picture comes into sight
      this.marked = [];
      this.at = -1;
      section.querySelector(".live").hidden = false;
      const all = section.querySelector("details");
      all.open = false;
      addEventListener("beforeprint", () => { all.open = true; });
      for (const button of section.querySelectorAll("button[data-go]")) {
        button.addEventListener("click", () => this.go(button.dataset.go));
      }
      section.addEventListener("keydown", (event) => this.press(event));
      section.addEventListener("focusin", () => { Stepper.current = this; });
      this.sentences.forEach((item, index) => item.addEventListener("click", () => this.show(index)));
      this.lanes.addEventListener("click", (event) => this.show(this.turnAt(event)));
      const seen = new IntersectionObserver((entries) => {
        if (entries.some((entry) => entry.isIntersecting)) {
          seen.disconnect();
          this.makeLines();
          this.mark();
        }
      });
      seen.observe(section);
    }

    get last() { return this.data.turns.length - 1; }

    /* The turn whose column holds the place that was clicked. */
    turnAt(event) {
      const x = event.clientX - this.lanes.getBoundingClientRect().left + this.lanes.scrollLeft;
      let low = 0, high = this.last;
      while (low < high) {
        const middle = (low + high + 1) >> 1;
        if (this.data.x[middle] <= x) low = middle; else high = middle - 1;
      }
      return low;
    }

    press(event) {
      if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest(".source, .standings, summary")) return;
      const go = { ArrowRight: "next", ArrowLeft: "previous", Home: "first", End: "last", n: "jolt", p: "jolt-back" }[event.key];
      if (!go) return;
      event.preventDefault();
      this.go(go);
    }

    go(where) {
      const jolts = this.data.turns.map((turn, index) => (turn.jolt ? index : -1)).filter((index) => index >= 0);
      const goal = {
        first: 0,
        last: this.last,
        next: this.at + 1,
        previous: this.at - 1,
        jolt: jolts.find((index) => index > this.at),
        "jolt-back": jolts.findLast((index) => index < this.at),
      }[where];
      if (goal === undefined || goal < 0 || goal > this.last) {
        this.say(where.startsWith("jolt") ? "There is no further preemption in this direction." : "There is no further turn in this direction.");
        return;
      }
      this.show(goal);
    }

    /* An unchanged text is not read again, so what says "no further" follows the turn's own sentence. */
    say(note) {
      this.told.textContent = `${this.sentenceOf(this.at)} ${note}`;
    }

    sentenceOf(index) { return this.sentences[index].textContent.trim(); }

    show(index, quietly = false) {
      if (index < 0 || index > this.last) return;
      this.at = index;
      Stepper.current = this;
      const turn = this.data.turns[index];
      this.place.textContent = `Turn ${turn.n} of ${this.data.count}, at ${turn.at} s`;
      this.told.textContent = this.sentenceOf(index);
      this.told.classList.toggle("jolt", Boolean(turn.jolt));
      this.cursor.setAttribute("x", this.data.x[index]);
      this.cursor.setAttribute("width", Math.max(3, this.data.width));
      const middle = this.data.x[index] - this.lanes.clientWidth / 2;
      this.lanes.scrollTo({ left: Math.max(0, middle), behavior: still.matches || quietly ? "instant" : "auto" });
      const jolts = this.data.turns;
      this.able("first", index > 0);
      this.able("previous", index > 0);
      this.able("next", index < this.last);
      this.able("last", index < this.last);
      this.able("jolt", jolts.some((other, at) => other.jolt && at > index));
      this.able("jolt-back", jolts.some((other, at) => other.jolt && at < index));
      this.stand(index);
      if (!quietly && !this.lines) this.makeLines(); // stepped before it was ever in sight
      this.mark(quietly);
      for (const item of this.section.querySelectorAll(".all li.now")) {
        item.classList.remove("now");
        item.removeAttribute("aria-current");
      }
      this.sentences[index].classList.add("now");
      this.sentences[index].setAttribute("aria-current", "step");
      if (!quietly) remember(`#${this.key}t${turn.n}`);
    }

    /* Not the attribute `disabled`: that would take the focus away from a button at the end of its way. */
    able(go, can) {
      this.section.querySelector(`button[data-go='${go}']`).setAttribute("aria-disabled", String(!can));
    }

    /* What every thread and task does after this turn: the changes so far, added up. */
    stand(index) {
      const standing = new Map();
      for (let at = 0; at <= index; at += 1) {
        for (const [row, ...told] of this.data.turns[at].stand) standing.set(row, told);
      }
      const running = this.data.turns[index].rows;
      this.standing = standing;
      this.rows.forEach((row, at) => {
        const [does, line, holds] = standing.get(at) || ["not started", 0, ""];
        row.classList.toggle("runs", running.includes(at));
        row.cells[1].textContent = running.includes(at) ? `ran; now ${does}` : does;
        row.cells[2].textContent = line ? String(line) : "–";
        row.cells[3].textContent = holds || "–";
      });
    }

    makeLines() {
      const list = this.section.querySelector(".source ol");
      const made = document.createDocumentFragment();
      this.lines = source.map((line, index) => {
        const item = document.createElement("li");
        const mark = item.appendChild(document.createElement("span"));
        mark.className = "mark";
        const number = item.appendChild(document.createElement("span"));
        number.className = "number";
        number.textContent = String(index + 1);
        const code = item.appendChild(document.createElement("code"));
        code.textContent = line;
        made.appendChild(item);
        return item;
      });
      list.appendChild(made);
    }

    /* Marks where each thread stands; the line of the one that ran comes into sight. */
    mark(quietly = true) {
      if (!this.lines || this.at < 0) return;
      for (const item of this.marked) {
        item.classList.remove("here");
        item.firstChild.textContent = "";
        for (const who of item.querySelectorAll(".who")) who.remove();
      }
      this.marked = [];
      const running = this.data.turns[this.at].rows;
      for (const [row, [does, line]] of this.standing) {
        const item = this.lines[line - 1];
        if (!item || this.data.hidden.includes(row) || does.startsWith("ended")) continue;
        const who = document.createElement("span");
        who.className = running.includes(row) ? "who runs" : "who";
        who.textContent = `${this.data.names[row]}: ${does}`;
        item.appendChild(who);
        this.marked.push(item);
      }
      const focus = this.lines[this.data.turns[this.at].line - 1];
      if (focus) {
        focus.classList.add("here");
        focus.firstChild.textContent = "▶";
        this.marked.push(focus);
        const box = focus.closest(".source");
        const top = focus.offsetTop - box.offsetTop - box.clientHeight / 2;
        box.scrollTo({ top: Math.max(0, top), behavior: still.matches || quietly ? "instant" : "auto" });
      }
    }
  }
  Stepper.current = null;

  function remember(fragment) {
    try {
      history.replaceState(null, "", fragment);
    } catch {
      location.replace(fragment);
    }
  }

  /* "#c6t12": check 6, turn 12. */
  function recall() {
    const found = /^#(c\d+)t(\d+)$/.exec(location.hash);
    const stepper = found && steppers.find((each) => each.key === found[1]);
    if (!stepper) return;
    const index = stepper.data.turns.findIndex((turn) => turn.n >= Number(found[2]));
    stepper.show(index < 0 ? stepper.last : index, true);
    stepper.section.scrollIntoView();
  }

  for (const section of document.querySelectorAll(".stepper")) {
    const stepper = new Stepper(section);
    steppers.push(stepper);
    stepper.show(0, true);
  }
  Stepper.current = steppers[0] || null;
  addEventListener("hashchange", recall);
  /* With the focus nowhere, the arrows still step; letters do not, for they may be somebody's shortcuts. */
  document.addEventListener("keydown", (event) => {
    const free = document.activeElement === document.body && Stepper.current;
    if (free && (event.key === "ArrowRight" || event.key === "ArrowLeft")) Stepper.current.press(event);
  });
  recall();
})();
