package dev.sluice.install;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.install.toml.TomlDocument;
import dev.sluice.install.toml.TomlException;
import dev.sluice.install.toml.TomlRemover;
import dev.sluice.install.toml.TomlText;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Takes steps back out of a file that others have changed since. */
final class StepRemoval {
    private StepRemoval() {}

    /**
     * What is left.
     *
     * @param kept values that are not ours any more, and stay
     */
    record Result(TomlDocument document, List<String> kept) {
        Result {
            kept = List.copyOf(kept);
        }
    }

    /**
     * Takes steps back, the last one first.
     *
     * @throws TomlException if one cannot be taken back without touching anything else
     */
    static Result remove(TomlDocument document, List<Step> steps) throws TomlException {
        TomlDocument current = document;
        List<String> kept = new ArrayList<>();
        for (int i = steps.size() - 1; i >= 0; i--) {
            Step step = steps.get(i);
            current = switch (step.kind()) {
                case APPEND -> withoutElement(current, step.path(), step.value(), step.text());
                case PUT -> step.former().isEmpty() ? withoutValue(current, step, kept) : former(current, step, kept);
            };
        }
        return new Result(current, kept);
    }

    private static TomlDocument withoutValue(TomlDocument document, Step step, List<String> kept) throws TomlException {
        JsonNode present = document.at(step.path());
        if (present.isMissingNode()) {
            return withoutHeader(document, step);
        }
        if (!present.equals(step.value())) {
            if (present.isArray() && step.value() instanceof ArrayNode ours && !ours.isEmpty()) {
                // The last one is Sluice's; those before it are what would be there without any.
                return withoutElement(document, step.path(), ours.get(ours.size() - 1), "");
            }
            kept.add(TomlText.key(step.path()));
            return document;
        }
        for (ObjectNode meant : without(document, step.path())) {
            Optional<TomlDocument> result = TomlRemover.text(document, step.text(), meant);
            if (result.isPresent()) {
                return result.get();
            }
        }
        return withoutHeader(TomlRemover.value(document, step.path()), step);
    }

    private static TomlDocument withoutHeader(TomlDocument document, Step step) throws TomlException {
        return step.text().contains(InstallPlanner.COMMENT)
                ? TomlRemover.emptySection(
                        document, step.path().subList(0, step.path().size() - 1), InstallPlanner.COMMENT)
                : document;
    }

    private static TomlDocument former(TomlDocument document, Step step, List<String> kept) throws TomlException {
        if (!document.at(step.path()).equals(step.value())) {
            kept.add(TomlText.key(step.path()));
            return document;
        }
        JsonNode value = TomlDocument.parse("v = " + step.former()).at(List.of("v"));
        ObjectNode meant = document.root();
        if (parent(meant, step.path()) instanceof ObjectNode table) {
            table.set(step.path().get(step.path().size() - 1), value);
        }
        return TomlRemover.replace(document, step.path(), step.former(), meant);
    }

    private static TomlDocument withoutElement(TomlDocument document, List<String> path, JsonNode element, String text)
            throws TomlException {
        ObjectNode meant = document.root();
        if (parent(meant, path) instanceof ObjectNode table
                && table.path(path.get(path.size() - 1)) instanceof ArrayNode array) {
            for (int i = array.size() - 1; i >= 0; i--) {
                if (array.get(i).equals(element)) {
                    array.remove(i);
                    break;
                }
            }
            Optional<TomlDocument> result = TomlRemover.text(document, text, meant);
            if (result.isPresent()) {
                return result.get();
            }
        }
        return TomlRemover.element(document, path, element).orElse(document);
    }

    /** What a document means without a value: with the tables around it, and without those that are empty then. */
    private static List<ObjectNode> without(TomlDocument document, List<String> path) {
        List<ObjectNode> meant = new ArrayList<>();
        ObjectNode root = document.root();
        for (int length = path.size(); length > 0; length--) {
            List<String> outer = path.subList(0, length);
            if (!(parent(root, outer) instanceof ObjectNode table)
                    || (length < path.size()
                            && !table.path(outer.get(length - 1)).isEmpty())) {
                break;
            }
            table.remove(outer.get(length - 1));
            meant.add(root.deepCopy());
        }
        return meant;
    }

    private static JsonNode parent(JsonNode root, List<String> path) {
        JsonNode node = root;
        for (String part : path.subList(0, path.size() - 1)) {
            node = node.path(part);
        }
        return node;
    }
}
