package dev.sluice.snapshot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** containerd's filter language, on a committed snapshot {@code default/1/top} with the parent {@code default/1/base}. */
class FilterTest {
    private static final Snapshot SNAPSHOT = new Snapshot(
            2,
            "default",
            "default/1/top",
            Optional.of("default/1/base"),
            Kind.COMMITTED,
            Map.of("a.b/c", "value", "plain", "sha256:abc", "quote", "say \"x\"", "bytes", "ä|", "empty", ""),
            Instant.EPOCH,
            Instant.EPOCH,
            Optional.empty(),
            Snapshot.UNMEASURED);

    private static boolean matches(String... filters) {
        return Filter.parse(List.of(filters)).matches(new SnapshotFields(SNAPSHOT));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "name==default/1/top",
                "name==\"default/1/top\"",
                "name == default/1/top",
                "parent==default/1/base",
                "parent==\"default/1/base\",kind==committed",
                "kind!=active",
                "name",
                "labels.plain",
                "labels.plain==sha256:abc",
                "labels.\"a.b/c\"==value",
                "labels.a.\"b/c\"==value",
                "labels.quote==\"say \\\"x\\\"\"",
                "labels.bytes==\"\\xc3\\xa4|\"",
                "labels.bytes==\"\\u00e4\\174\"",
                "labels.bytes==\u00e4|",
                "labels.empty!=x",
                "labels.missing!=x",
                "missing!=x",
                "name~=top$",
                "name~=/^default\\/[0-9]/",
                "name~=|^default/|",
                "labels.missing~=^$",
                "labels.plain~=\"^sha256\",labels.quote",
            })
    void holds(String filter) {
        assertThat(matches(filter)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "name==default/1/to",
                "name!=default/1/top",
                "parent==\"\"",
                "kind==Committed",
                "labels.missing",
                "labels.missing==\"\"",
                "labels",
                "labels.empty",
                "labels.empty==\"\"",
                "missing",
                "name~=[",
                "name~=^top",
                "name==default/1/top,kind==active",
            })
    void doesNotHold(String filter) {
        assertThat(matches(filter)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "name=x",
                "name===x",
                "name==",
                "parent==,kind==active",
                "==x",
                ",",
                "name,",
                "name==x y",
                "name==x ",
                "name .x",
                "labels.",
                "labels.\"open",
                "labels.\"bad\\q\"",
                "labels.\"bad\\x4\"",
                "labels.\"bad\\777\"",
                "labels.\"bad\\U00110000\"",
                "labels.\"two\nlines\"",
                "name==/x/",
                "name==|x|",
                "name~=/x",
                "name==.x",
                "na-me==x",
                "n\u00e4me==x",
            })
    void isRefused(String filter) {
        assertThatThrownBy(() -> Filter.parse(List.of(filter)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("malformed");
    }

    @Test
    void ofSeveralFiltersOneMustHold() {
        assertThat(matches("name==x", "kind==committed")).isTrue();
        assertThat(matches("name==x", "kind==active")).isFalse();
        assertThat(matches()).isTrue();
    }
}
