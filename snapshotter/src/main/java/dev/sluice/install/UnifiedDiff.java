package dev.sluice.install;

import com.github.difflib.DiffUtils;
import com.github.difflib.UnifiedDiffUtils;
import java.util.ArrayList;
import java.util.List;

/** Changes of files, for people and for patch(1). */
public final class UnifiedDiff {
    private static final int CONTEXT = 3;
    private static final String NO_FILE = "/dev/null";

    private UnifiedDiff() {}

    /** Lines of the difference; those of a carriage return keep it. */
    public static List<String> of(List<FileChange> changes) {
        List<String> lines = new ArrayList<>();
        for (FileChange change : changes) {
            List<String> before = lines(change.before().orElse(""));
            lines.addAll(UnifiedDiffUtils.generateUnifiedDiff(
                    change.before().isPresent() ? change.path().toString() : NO_FILE,
                    change.after().isPresent() ? change.path().toString() : NO_FILE,
                    before,
                    DiffUtils.diff(before, lines(change.after().orElse(""))),
                    CONTEXT));
        }
        return lines;
    }

    private static List<String> lines(String text) {
        if (text.isEmpty()) {
            return List.of();
        }
        List<String> lines = new ArrayList<>(List.of(text.split("\n", -1)));
        if (text.endsWith("\n")) {
            lines.remove(lines.size() - 1);
        }
        return lines;
    }
}
