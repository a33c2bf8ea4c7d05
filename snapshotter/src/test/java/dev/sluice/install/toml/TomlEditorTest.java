package dev.sluice.install.toml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.List;
import org.junit.jupiter.api.Test;

class TomlEditorTest {
    private static final JsonNode ONE = JsonNodeFactory.instance.numberNode(1);

    private final TomlEditor editor = new TomlEditor("ours");

    @Test
    void aNewSectionComesAtTheEnd() throws TomlException {
        assertThat(put("x = 0\n", List.of("a", "b c"), "k")).isEqualTo("x = 0\n\n# ours\n[a.\"b c\"]\n  k = 1\n");
        assertThat(put("x = 0", List.of("a"), "k")).isEqualTo("x = 0\n\n# ours\n[a]\n  k = 1");
        assertThat(put("x = 0\r\n", List.of("a"), "k")).isEqualTo("x = 0\r\n\r\n# ours\r\n[a]\r\n  k = 1\r\n");
        assertThat(put("", List.of("a"), "k")).isEqualTo("# ours\n[a]\n  k = 1\n");
    }

    @Test
    void aNewKeyComesBehindTheLastOneOfItsSection() throws TomlException {
        assertThat(put("[a]\n    x = 0 # x\n\n# b\n[b]\n", List.of("a"), "k"))
                .isEqualTo("[a]\n    x = 0 # x\n    k = 1\n\n# b\n[b]\n");
        assertThat(put("[a] # a\n[b]\n  x = 0\n", List.of("a"), "k")).isEqualTo("[a] # a\n  k = 1\n[b]\n  x = 0\n");
        assertThat(put("x = 0\n[a]\n", List.of(), "k")).isEqualTo("x = 0\nk = 1\n[a]\n");
        assertThat(put("\ufeff[a]\n", List.of(), "k")).isEqualTo("\ufeffk = 1\n[a]\n");
    }

    @Test
    void aValueIsChangedWhereItStands() throws TomlException {
        assertThat(put("[a]\nk = '''\n[b]\nk = 3''' # why\n", List.of("a"), "k"))
                .isEqualTo("[a]\nk = 1 # why\n");
        assertThat(put("a = { k = \"}\", x = [1, 2] }\n", List.of("a"), "k")).isEqualTo("a = { k = 1, x = [1, 2] }\n");
        assertThat(put("a . \"k\"=7\n", List.of("a"), "k")).isEqualTo("a . \"k\"=1\n");
    }

    @Test
    void inlineTablesAndDottedKeysStayWhatTheyAre() throws TomlException {
        assertThat(put("a = {}\n", List.of("a"), "k")).isEqualTo("a = { k = 1 }\n");
        assertThat(put("a = { x = 0 }\n", List.of("a"), "k")).isEqualTo("a = { x = 0, k = 1 }\n");
        assertThat(put("a = { x = 0 }\n", List.of("a", "b"), "k")).isEqualTo("a = { x = 0, b = { k = 1 } }\n");
        assertThat(put("a = { b.x = 0 }\n", List.of("a", "b"), "k")).isEqualTo("a = { b.x = 0, b.k = 1 }\n");
        assertThat(put("a.b.x = 0\n[c]\n", List.of("a", "b"), "k")).isEqualTo("a.b.x = 0\na.b.k = 1\n[c]\n");
        assertThat(put("[a]\n  b.x = 0\n", List.of("a", "c"), "k")).contains("[a.c]\n  k = 1\n");
    }

    @Test
    void anElementIsAddedInTheWayOfItsArray() throws TomlException {
        assertThat(add("a = []\n")).isEqualTo("a = [1]\n");
        assertThat(add("a = [0]\n")).isEqualTo("a = [0, 1]\n");
        assertThat(add("a = [\n  0, # zero\n] # end\n")).isEqualTo("a = [\n  0, # zero\n  1,\n] # end\n");
        assertThat(add("a = [\n  0\n]\n")).isEqualTo("a = [\n  0,\n  1\n]\n");
    }

    @Test
    void anElementOfAnArrayOfTablesComesBehindTheLastOne() throws TomlException {
        JsonNode table = JsonNodeFactory.instance.objectNode().put("k", 1);
        TomlDocument document = TomlDocument.parse("  [[a.b]]\n    k = 0\n  [a.b.c]\n  x = 0\n# next\n[d]\n");

        assertThat(editor.add(document, List.of("a", "b"), table).document().text())
                .isEqualTo("  [[a.b]]\n    k = 0\n  [a.b.c]\n  x = 0\n  [[a.b]]\n    k = 1\n# next\n[d]\n");
    }

    @Test
    void whatCannotBeSaysWhereItIs() {
        assertThatThrownBy(() -> put("x = 0\n\n[[a]]\n", List.of("a"), "k"))
                .hasMessage("a is not a table")
                .extracting(e -> ((TomlException) e).line())
                .isEqualTo(3);
        assertThatThrownBy(() -> put("[a]\nb = 1\n", List.of("a", "b"), "k")).hasMessage("a.b is not a table");
        assertThatThrownBy(() -> put("[a.k]\n", List.of("a"), "k")).hasMessage("a.k is a section, not a value");
        assertThatThrownBy(() -> TomlDocument.parse("a = 1\na = 2\n")).isInstanceOf(TomlException.class);
    }

    @Test
    void placesAreFoundWhateverStringsContain() throws TomlException {
        TomlPlaces.check(TomlDocument.parse(
                "a = \"[x]\\\" # no\"\nb = '''\n[y]\n''''' # two\nc = \"\"\"\\\"\"\"[z]\\\\\"\"\"\n'd.e' . f = 1979-05-27 07:32:00"
                        + " # date\n[[g]]\nh = [ # c\n  { i = ']' }, ]\n"));
    }

    private String put(String text, List<String> table, String key) throws TomlException {
        return editor.put(TomlDocument.parse(text), table, key, ONE).document().text();
    }

    private String add(String text) throws TomlException {
        return editor.add(TomlDocument.parse(text), List.of("a"), ONE)
                .document()
                .text();
    }
}
