"""Which files belong to the tree."""
import os
import subprocess
from pathlib import Path


def sources(root):
    """Paths, relative to root, of what is kept or could be: nothing that was built."""
    root = Path(root)
    if (root / '.git').exists():
        out = subprocess.run(
            ['git', '-C', str(root), 'ls-files', '-co', '--exclude-standard', '-z'],
            capture_output=True, check=True).stdout.decode()
        return sorted(f for f in out.split('\0') if f and (root / f).is_file())
    found = []
    for top, dirs, names in os.walk(root):
        dirs[:] = [d for d in dirs if d != '__pycache__' and
                   not (Path(top) == root and d.startswith('build'))]
        found += [str((Path(top) / n).relative_to(root)) for n in names]
    return sorted(found)
