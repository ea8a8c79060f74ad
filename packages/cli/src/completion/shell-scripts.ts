/**
 * Scripts for shells. They know nothing about commands: for each Tab they ask `isthmus __complete <words>`, which answers with a
 * line `value<Tab>description` for each candidate, and `:files` where files may stand.
 */
export const SHELL_SCRIPTS: Readonly<Record<"bash" | "zsh" | "fish", string>> = {
  // Bash cuts words at = and :, so they are put together again, and what is before the last one is not repeated.
  bash: `# bash completion of isthmus; to use it: source <(isthmus completion bash)
_isthmus() {
  local -a words=()
  local i word previous="" cut prefix value description
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    if ((\${#words[@]} > 0)) && [[ "$word" == [=:]* || "$previous" == *[=:] ]]; then
      words[\${#words[@]} - 1]+="$word"
    else
      words+=("$word")
    fi
    previous="$word"
  done
  word="\${words[\${#words[@]} - 1]}"
  cut="\${word##*[=:]}"
  prefix="\${word%"$cut"}"
  COMPREPLY=()
  while IFS=$'\\t' read -r value description; do
    if [[ "$value" == ":files" ]]; then
      compopt -o default 2>/dev/null
    elif [[ -n "$value" ]]; then
      COMPREPLY+=("\${value#"$prefix"}")
    fi
  done < <("\${COMP_WORDS[0]}" __complete "\${words[@]}" 2>/dev/null)
}
complete -F _isthmus isthmus
`,
  zsh: `#compdef isthmus
# zsh completion of isthmus; to use it: source <(isthmus completion zsh), or a file _isthmus in a folder of fpath
_isthmus() {
  local -a candidates
  local value description files=0
  while IFS=$'\\t' read -r value description; do
    if [[ "$value" == ":files" ]]; then
      files=1
    elif [[ -n "$value" ]]; then
      candidates+=("\${value//:/\\\\:}\${description:+:$description}")
    fi
  done < <("\${words[1]}" __complete "\${(@Q)words[2,CURRENT]}" 2>/dev/null)
  ((\${#candidates})) && _describe -V isthmus candidates
  ((files)) && _files
  return 0
}
if [[ "\${funcstack[1]}" == _isthmus ]]; then
  _isthmus "$@"
elif (($+functions[compdef])); then
  compdef _isthmus isthmus
fi
`,
  fish: `# fish completion of isthmus; to use it: isthmus completion fish | source
function __isthmus_complete
    set -l words (commandline -opc)
    set -l part (commandline -ct)
    test -n "$part"; or set part ""
    for line in ($words[1] __complete $words[2..-1] $part 2>/dev/null)
        if test "$line" = ":files"
            __fish_complete_path $part
        else
            echo $line
        end
    end
end
complete -c isthmus -e
complete -c isthmus -f -a "(__isthmus_complete)"
`,
};
