"""Text to tokens, with the comments between them: YAML 1.1 as Go's yaml.v3 scans it.

Collections begin and end with indentation; a key is known as one only when its `:` is seen, and then gets its token
afterwards. Go looks two tokens ahead, so that comments are known before the token that takes them; that is kept.
"""

from __future__ import annotations

from dataclasses import dataclass

from porch.kyaml.source import BLANKS, BLANKS_BREAKS_OR_END, Mark, Token
from porch.kyaml.words import WordScanner

_NO_PLAIN_START = frozenset("-?:,[]{}#&*!|>'\"%@`") | BLANKS_BREAKS_OR_END
_LONGEST_KEY = 1024
_FLOW_TOKENS = frozenset("[]{},")


@dataclass(slots=True)
class _Key:
    """Where a simple key may have begun."""

    possible: bool
    required: bool
    number: int
    mark: Mark


class Scanner(WordScanner):
    def __init__(self, text: str, offset: int = 0) -> None:
        super().__init__(text, offset)
        self._head = 0
        """The next token in `tokens`."""
        self._taken = 0
        self._indents: list[int] = []
        self._keys = [_Key(possible=False, required=False, number=0, mark=self.mark())]
        self._by_number: dict[int, int] = {}
        self.key_allowed = True
        self._add("stream-start", self.mark())

    def peek(self) -> Token:
        while self._needs_more():
            self._fetch()
        return self.tokens[self._head]

    def skip_token(self) -> None:
        self._head += 1
        self._taken += 1
        if self._head > 1000:  # the last ones are still looked at
            del self.tokens[: self._head - 3]
            self._head = 3

    def _needs_more(self) -> bool:
        ended = self.tokens[-1].kind == "stream-end"
        if self._head >= len(self.tokens) - 2 and not ended:
            return True
        at = self._by_number.get(self._taken)
        return at is not None and self._is_valid(self._keys[at]) and not ended

    def _add(self, kind: str, mark: Mark) -> None:
        self.tokens.append(Token(kind, mark.at, mark.line, mark.column))

    # the next token

    def _fetch(self) -> None:
        begin = self.mark()
        self._to_next_token(begin)
        self._unroll(self.column, begin)
        character = self.text[self.at]
        if character == "\0":
            self._fetch_end()
        elif self.column == 0 and character == "%":
            self._end_blocks()
            self.tokens.append(self.scan_directive())
        elif self.is_document_mark():
            self._end_blocks()
            self._add("document-start" if character == "-" else "document-end", self.mark())
            self.skip(3)
        else:
            comment = self.at
            if self.tokens and ((self.flow_level == 0 and character == ":") or (self.flow_level and character == ",")):
                comment = self.tokens[-1].at
            self._fetch_content(character)
            if self.tokens[-1].kind != "entry":  # a dash alone has no line comment
                self.scan_line_comment(comment)

    def _to_next_token(self, begin: Mark) -> None:
        while True:
            self.skip_blanks(" \t" if self.flow_level or not self.key_allowed else " ")
            self.head_under_dash()
            if self.text[self.at] == "#":
                self.scan_comments(begin)
            if not self.skip_break():
                return
            if self.flow_level == 0:
                self.key_allowed = True

    def _fetch_content(self, character: str) -> None:
        flow = self.flow_level > 0
        ends = self.text[self.at + 1] in BLANKS_BREAKS_OR_END
        if character in _FLOW_TOKENS:
            self._fetch_flow(character)
        elif character == "-" and ends:
            self._fetch_entry()
        elif character == "?" and (flow or ends):
            self._fetch_key()
        elif character == ":" and (flow or ends):
            self._fetch_value()
        elif character in "*&!":
            self._save_key()
            self.key_allowed = False
            kind = {"*": "alias", "&": "anchor"}.get(character)
            self.tokens.append(self.scan_anchor(kind) if kind else self.scan_tag())
        elif character in "|>" and not flow:
            self._remove_key()
            self.key_allowed = True
            self.tokens.append(self.scan_block("literal" if character == "|" else "folded"))
        elif character in "'\"":
            self._save_key()
            self.key_allowed = False
            self.tokens.append(self.scan_quoted(character))
        elif self._starts_plain(character):
            self._save_key()
            self.key_allowed = False
            self.tokens.append(self.scan_plain())
        else:
            raise self.fail("found character that cannot start any token")

    def _starts_plain(self, character: str) -> bool:
        if character not in _NO_PLAIN_START:
            return True
        after = self.text[self.at + 1]
        if character == "-":
            return after not in BLANKS
        return not self.flow_level and character in "?:" and after not in BLANKS_BREAKS_OR_END

    def _fetch_end(self) -> None:
        if self.column != 0:
            self.line_start = self.at
            self.line += 1
        self._end_blocks()
        self._add("stream-end", self.mark())

    def _end_blocks(self) -> None:
        self._unroll(-1, self.mark())
        self._remove_key()
        self.key_allowed = False

    def _fetch_flow(self, character: str) -> None:
        if character in "[{":
            self._save_key()
            self._keys.append(_Key(possible=False, required=False, number=0, mark=self.mark()))
            self.flow_level += 1
        else:
            self._remove_key()
        if character in "]}" and self.flow_level:
            self.flow_level -= 1
            self._keys.pop()
        self.key_allowed = character in "[{,"
        self._add(character, self.mark())
        self.skip()

    def _fetch_entry(self) -> None:
        if self.flow_level == 0:
            if not self.key_allowed:
                raise self.fail("block sequence entries are not allowed in this context")
            self._roll(self.mark(), "sequence-start")
        self._remove_key()
        self.key_allowed = True
        self._add("entry", self.mark())
        self.skip()

    def _fetch_key(self) -> None:
        if self.flow_level == 0:
            if not self.key_allowed:
                raise self.fail("mapping keys are not allowed in this context")
            self._roll(self.mark(), "mapping-start")
        self._remove_key()
        self.key_allowed = self.flow_level == 0
        self._add("?", self.mark())
        self.skip()

    def _fetch_value(self) -> None:
        key = self._keys[-1]
        if self._is_valid(key):
            at = self._head + key.number - self._taken
            mark = key.mark
            self.tokens.insert(at, Token("?", mark.at, mark.line, mark.column))
            self._roll(mark, "mapping-start", at)
            key.possible = False
            self._by_number.pop(key.number, None)
            self.key_allowed = False
        else:
            if self.flow_level == 0:
                if not self.key_allowed:
                    raise self.fail("mapping values are not allowed in this context")
                self._roll(self.mark(), "mapping-start")
            self.key_allowed = self.flow_level == 0
        self._add(":", self.mark())
        self.skip()

    # indentation and simple keys

    def _roll(self, mark: Mark, kind: str, at: int | None = None) -> None:
        """Begin a block collection, when this is further right than the last."""
        if self.flow_level or self.indent >= mark.column:
            return
        self._indents.append(self.indent)
        self.indent = mark.column
        self.tokens.insert(len(self.tokens) if at is None else at, Token(kind, mark.at, mark.line, mark.column))

    def _unroll(self, column: int, begin: Mark) -> None:
        """End the block collections that are further right. An end stands before the comments that are not its own."""
        if self.flow_level:
            return
        mark = Mark(begin.at - 1, begin.line, begin.column)
        while self.indent > column:
            stop = mark.at
            for comment in reversed(self.comments):
                if comment.end < stop:
                    break
                if comment.start.column == self.indent + 1:
                    mark = comment.start
                stop = comment.scanned
            self._add("block-end", mark)
            self.indent = self._indents.pop()

    def _is_valid(self, key: _Key) -> bool:
        if not key.possible:
            return False
        if key.mark.line < self.line or key.mark.at + _LONGEST_KEY < self.at:
            if key.required:
                raise self.fail("could not find expected ':'")
            key.possible = False
            return False
        return True

    def _save_key(self) -> None:
        if not self.key_allowed:
            return
        required = self.flow_level == 0 and self.indent == self.column
        self._remove_key()
        number = self._taken + len(self.tokens) - self._head
        self._keys[-1] = _Key(possible=True, required=required, number=number, mark=self.mark())
        self._by_number[number] = len(self._keys) - 1

    def _remove_key(self) -> None:
        key = self._keys[-1]
        if key.possible:
            if key.required:
                raise self.fail("could not find expected ':'")
            key.possible = False
            self._by_number.pop(key.number, None)
