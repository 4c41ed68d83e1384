"""Training: a low-rank adapter (LoRA) for the embedded model, on a CPU or a GPU, that can be stopped at any time.

The base model's weights are read from the very file that inference uses, and stay as they are. Each step
reads a few lessons, every time with other names and numbers, and only what stands behind the
labels counts for the loss. All that a step needs follows from the seed and its number, so a training
that was killed goes on from its last checkpoint as if nothing had been.
"""

from __future__ import annotations

import math
import os
import shutil
import sysconfig
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from llm_extract.form import SILENT
from llm_extract.model.embedded_server import READ_AT_ONCE
from llm_extract.model.machine import usable_cores
from llm_extract.model.types import Attention
from llm_extract.tuning.attention import prefix_masks
from llm_extract.tuning.lessons import Lesson
from llm_extract.tuning.readings import Encoded, blur, chance_of, encode, reading
from llm_extract.tuning.swapping import vocabulary

MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""The linear layers that get an adapter: all of a block."""

Device = Literal["auto", "cpu", "cuda"]

GENTLE_RATE = 3e-4
"""The learning rate of a training that begins with an adapter: it is to learn more, and to forget little."""

_SAY_SECONDS = 5.0
"""How often a training says where it is."""


@dataclass(frozen=True)
class Plan:
    """How to train. The learning rate rises for `warmup` of the time and then falls along a cosine to a tenth."""

    minutes: float = 60.0
    rank: int = 16
    alpha: int = 32
    learning_rate: float = 5e-4
    lessons_a_step: int = 4
    dropout: float = 0.15
    """The share of an adapter's inputs that a reading has to do without, so that no article is learnt by heart."""
    blurred: float = 0.08
    """The share of an article's tokens, those of its answers apart, that a reading has others for."""
    weight_decay: float = 0.01
    swapped: float = 0.85
    """The share of readings that have other names and numbers."""
    thinned: float = 0.5
    """The share of readings that lack some of the paragraphs in which no answer stands."""
    longest: int = READ_AT_ONCE
    """Tokens; longer lessons are left out."""
    warmup: float = 0.03
    seed: int = 0
    checkpoint_minutes: float = 3.0
    checks: int = 8
    """How often the development articles are looked at."""
    attention: Attention = "causal"
    """How an article is read; see `llm_extract.tuning.attention`."""


class Check(NamedTuple):
    """How the model does on lessons it does not learn from."""

    loss: float
    """Mean negative log-likelihood (nats) of a learnt token."""
    lines: float
    """Share of lines every token of which is the model's first choice, given the right lines before."""
    stated: float
    """The same of lines that state something: all but yes, no and none."""


def load_base(file: Path) -> tuple[Any, Any]:
    """The model and the tokenizer of a GGUF file, dequantised to bfloat16."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    folder, name = str(file.parent), file.name
    model = AutoModelForCausalLM.from_pretrained(
        folder, gguf_file=name, dtype=torch.bfloat16, quantization_config=GgufConfig(dequantize=True)
    )
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    return model, tokenizer


def _fuse(model: Any) -> None:
    """Make a step about twice as fast on a CPU: the many small operations of a block are compiled into few.

    PyTorch's flash attention is slower there than plain matrices. Without a C++ compiler, or the header of Python that
    what is compiled includes, all runs as it is.
    """
    import torch

    model.set_attn_implementation("eager")
    header = Path(sysconfig.get_path("include"), "Python.h")
    if shutil.which(os.environ.get("CXX") or "g++") and header.is_file():
        for index, layer in enumerate(model.model.layers):
            model.model.layers[index] = torch.compile(layer, dynamic=True)


class Trainer:
    """A training in a folder: its adapter, its optimiser, its place in time.

    Args:
        folder: holds its checkpoints; a training that is there already is gone on with.
        base: the model's GGUF file.
        lessons: what is learnt.
        held_out: lessons that are only looked at.
        plan: how to train; of a training that is gone on with, the same as before.
        say: called with a line of progress every few seconds.
        device: where to train; `auto` takes a GPU if there is one.
        fuse: whether a block's operations are compiled on a CPU, which takes a minute and pays after a few.
        clock: seconds, of which the plan's minutes are made.
    """

    def __init__(
        self,
        folder: Path,
        base: Path,
        lessons: Sequence[Lesson],
        held_out: Sequence[Lesson],
        plan: Plan,
        say: Callable[[str], None] = lambda line: None,
        *,
        device: Device = "auto",
        fuse: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        import torch
        from peft import LoraConfig, get_peft_model

        self.model: Any
        self.folder, self.lessons, self.held_out, self.plan, self.say = folder, lessons, held_out, plan, say
        torch.manual_seed(plan.seed)
        self.device = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        self._clock, self._stopped = clock, False
        if self.device == "cpu":
            torch.set_num_threads(usable_cores())
        model, self.tokenizer = load_base(base)
        config = LoraConfig(r=plan.rank, lora_alpha=plan.alpha, target_modules=list(MODULES), lora_dropout=0.0)
        # The adapter computes in the base's 16 bits; what the optimiser adds up is kept in 32.
        self.model = get_peft_model(model, config, autocast_adapter_dtype=False).to(self.device)
        self.model.train()
        self.parameters = {name: value for name, value in self.model.named_parameters() if value.requires_grad}
        self.masters = {name: value.detach().float() for name, value in self.parameters.items()}
        self.optimizer = torch.optim.AdamW(self.masters.values(), lr=plan.learning_rate, weight_decay=plan.weight_decay)
        if self.device == "cpu" and fuse:
            _fuse(model)
        self.step, self.elapsed = 0, 0.0
        self.too_long = 0
        """Lessons of more tokens than the plan reads."""
        self.known = vocabulary(lesson.text for lesson in lessons)
        self.vocabulary = self._tokens_in_use()
        self._any_tokens = self.vocabulary.tolist()
        self._resume()

    def _tokens_in_use(self) -> Any:
        """The token ids that the softmax is over, beside those that a reading itself has: those of all lessons."""
        import torch

        used: set[int] = set()
        for lesson in self.held_out:
            used.update(encode(lesson, self.tokenizer).tokens)
        for lesson in self.lessons:
            tokens = encode(lesson, self.tokenizer).tokens
            self.too_long += len(tokens) > self.plan.longest
            used.update(tokens)
        known = self.model.base_model.model.get_output_embeddings().weight.shape[0]
        used.update(range(min(8192, known)))
        return torch.tensor(sorted(used), device=self.device)

    # -- one step --------------------------------------------------------------------------------------------

    def _batch(self) -> list[Encoded]:
        first = self.step * self.plan.lessons_a_step
        batch = []
        for number in range(first, first + self.plan.lessons_a_step):
            read = reading(number, self.lessons, self.known, self.plan)
            encoded = encode(read, self.tokenizer, to_blur=self.plan.blurred > 0)
            if self.plan.blurred:
                chance = chance_of(f"{self.plan.seed}:{number}:blur")
                encoded = blur(encoded, self.plan.blurred, self._any_tokens, chance)
            batch.append(encoded)
        return [each for each in batch if len(each.tokens) <= self.plan.longest]

    def _scores(self, encoded: Encoded) -> tuple[Any, Any]:
        """Logits over the tokens in use at the places before the learnt tokens, and which of these the learnt are."""
        import torch

        tokens = torch.tensor([encoded.tokens], device=self.device)
        inner = self.model.base_model.model.model
        masks = None
        if self.plan.attention == "prefix":
            masks = prefix_masks(encoded, inner.config, inner.dtype, self.device)
        hidden = inner(input_ids=tokens, attention_mask=masks, use_cache=False).last_hidden_state[0]
        places = torch.tensor(encoded.learnt, dtype=torch.long, device=self.device)
        # Swapped names may have tokens that no lesson has.
        vocabulary = torch.cat([self.vocabulary, tokens[0, places]]).unique()
        weights = self.model.base_model.model.get_output_embeddings().weight[vocabulary]
        logits = (hidden[places - 1] @ weights.T).float()
        return logits, torch.searchsorted(vocabulary, tokens[0, places])

    def _rate(self) -> float:
        done = min(1.0, self.elapsed / 60 / self.plan.minutes)
        if done < self.plan.warmup:
            return max(0.02, done / self.plan.warmup)
        falling = (done - self.plan.warmup) / (1 - self.plan.warmup)
        return 0.1 + 0.9 * 0.5 * (1 + math.cos(math.pi * falling))

    def one_step(self) -> float:
        """Read a few lessons and change the adapter. Returns the mean loss of a token, NaN if all were too long."""
        import torch

        batch = [encoded for encoded in self._batch() if encoded.learnt]
        count = sum(len(encoded.learnt) for encoded in batch)
        total = 0.0
        if not batch:
            self.step += 1
            return math.nan
        for group in self.optimizer.param_groups:
            group["lr"] = self.plan.learning_rate * self._rate()
        torch.manual_seed(self.plan.seed + self.step)
        for encoded in batch:
            kept = self._drop_out()
            logits, targets = self._scores(encoded)
            loss = torch.nn.functional.cross_entropy(logits, targets, reduction="sum") / count
            loss.backward()
            total += loss.item()
            for name, parameter in self.parameters.items():
                gradient = parameter.grad.float() * kept.get(name, 1.0)
                before, parameter.grad = self.masters[name].grad, None
                self.masters[name].grad = gradient if before is None else before + gradient
        torch.nn.utils.clip_grad_norm_(self.masters.values(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self._copy_masters()
        self.step += 1
        return total

    def _drop_out(self) -> dict[str, Any]:
        """Take random inputs from every pair of matrices. Returns the factors of the inputs, by parameter.

        The same inputs for all tokens of a reading: so it costs next to nothing, and a compiled layer stays as it is.
        """
        import torch

        kept: dict[str, Any] = {}
        if self.plan.dropout:
            with torch.no_grad():
                for name, parameter in self.parameters.items():
                    if ".lora_A." in name:
                        drawn = torch.rand(parameter.shape[1], device=self.device) >= self.plan.dropout
                        kept[name] = drawn.float() / (1 - self.plan.dropout)
                        parameter.copy_(self.masters[name] * kept[name])
        return kept

    def _copy_masters(self) -> None:
        import torch

        with torch.no_grad():
            for name, parameter in self.parameters.items():
                parameter.copy_(self.masters[name])

    def check(self) -> Check:
        """Look at the held-out lessons."""
        import torch

        total, tokens, right, lines, stated_right, stated = 0.0, 0, 0, 0, 0, 0
        newline = self._tokens("\n")[-1]
        silent = [self._tokens(f" {said}\n") for said in SILENT]
        self.model.eval()
        with torch.no_grad():
            for lesson in self.held_out:
                encoded = encode(lesson, self.tokenizer)
                if not encoded.learnt:  # its article can answer no line
                    continue
                logits, targets = self._scores(encoded)
                total += torch.nn.functional.cross_entropy(logits, targets, reduction="sum").item()
                tokens += len(targets)
                hits = (logits.argmax(-1) == targets).tolist()
                line: list[bool] = []
                written: list[int] = []
                for hit, place in zip(hits, encoded.learnt, strict=True):
                    line.append(hit)
                    written.append(encoded.tokens[place])
                    if written[-1] == newline:
                        lines += 1
                        right += all(line)
                        if written not in silent:
                            stated += 1
                            stated_right += all(line)
                        line, written = [], []
        self.model.train()
        return Check(total / max(tokens, 1), right / max(lines, 1), stated_right / max(stated, 1))

    def _tokens(self, text: str) -> list[int]:
        tokens: list[int] = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        return tokens

    # -- going on ------------------------------------------------------------------------------------------

    def run(self) -> Iterator[Check]:
        """Train until the time is over or `stop` is called; gives the checks on the way, their adapters saved."""
        plan = self.plan
        checks_done = int(self.elapsed / 60 / plan.minutes * plan.checks)
        saved = said = self.elapsed
        losses: list[float] = []
        while self.elapsed < plan.minutes * 60 and not self._stopped:
            started = self._clock()
            losses.append(self.one_step())
            self.elapsed += self._clock() - started
            if self.elapsed - said >= _SAY_SECONDS:
                said = self.elapsed
                loss = sum(losses) / len(losses)
                self.say(f"{said / 60:.1f} of {plan.minutes:g} min, step {self.step}, loss {loss:.3f}")
                losses.clear()
            due = min(int(self.elapsed / 60 / plan.minutes * plan.checks), plan.checks)
            if due > checks_done:
                checks_done = due
                check = self.check()
                self.say(
                    f"{self.elapsed / 60:.1f} of {plan.minutes:g} min, step {self.step}, check {due} of {plan.checks}: "
                    f"loss {check.loss:.3f}, lines right {check.lines:.3f}, of those that state something "
                    f"{check.stated:.3f}"
                )
                self.save(self.adapter_file(self.step))
                yield check
            # After the check, which a kill in its midst would else leave out: it counts as made from here on.
            if self.elapsed - saved > plan.checkpoint_minutes * 60:
                self.save()
                saved = self.elapsed
        self.save()

    def stop(self) -> None:
        """End `run` after the step that is under way, with a checkpoint to go on from. For signal handlers."""
        self._stopped = True

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped

    def adapter_file(self, step: int) -> Path:
        """Where the adapter that was checked after so many steps is."""
        return self.folder / f"adapter-{step:06d}.pt"

    @property
    def start_file(self) -> Path:
        """Where the adapter is that the training began with, if its mean with the end makes sense."""
        return self.folder / "adapter-start.pt"

    @property
    def adapter_bytes(self) -> int:
        """The size of the adapter as a file of 16-bit numbers, without its names."""
        return sum(2 * value.numel() for value in self.masters.values())

    def begin_with(self, values: Mapping[str, Any]) -> None:
        """Set the adapter to arrays of the parameters' names.

        One of a smaller rank is widened, and says the same.

        Raises:
            ValueError: one has another shape than its parameter, or a larger rank.
        """
        import torch

        for name, value in self.masters.items():
            found = torch.as_tensor(values[name], device=value.device, dtype=value.dtype)
            side = 0 if ".lora_A." in name else 1  # where the rank is
            missing = value.shape[side] - found.shape[side]
            if missing < 0 or found.shape[1 - side] != value.shape[1 - side]:
                raise ValueError(f"it has {tuple(found.shape)} where {tuple(value.shape)} is trained: give its --rank")
            # What is new of A stays as it was drawn, and of B it is nothing: so it says nothing yet, but can learn.
            kept = found.shape[side]
            new = value[kept:] if side == 0 else torch.zeros_like(value[:, kept:])
            value.copy_(torch.cat([found, new], side))
        self._copy_masters()

    def take_mean(self, files: Sequence[Path]) -> None:
        """Set the adapter to the mean of saved ones. The checkpoint keeps its own."""
        import torch

        saved = [torch.load(file, map_location=self.device, weights_only=True)["adapter"] for file in files]
        for name, value in self.masters.items():
            value.copy_(sum(each[name] for each in saved) / len(saved))
        self._copy_masters()

    def save(self, file: Path | None = None) -> None:
        """Write a checkpoint, whole or not at all; a named file gets the adapter alone."""
        import torch

        adapter = {name: value.cpu() for name, value in self.masters.items()}
        content: dict[str, Any] = {"adapter": adapter, "step": self.step, "elapsed": self.elapsed}
        if file is None:
            content["optimizer"] = self.optimizer.state_dict()
        target = file or self.folder / "checkpoint.pt"
        partial = target.with_suffix(".partial")
        torch.save(content, partial)
        partial.replace(target)

    def _resume(self) -> None:
        import torch

        file = self.folder / "checkpoint.pt"
        if not file.is_file():
            self.folder.mkdir(parents=True, exist_ok=True)
            return
        content = torch.load(file, map_location=self.device, weights_only=True)
        for name, value in content["adapter"].items():
            self.masters[name].copy_(value)
        self._copy_masters()
        self.optimizer.load_state_dict(content["optimizer"])
        self.step, self.elapsed = content["step"], content["elapsed"]
