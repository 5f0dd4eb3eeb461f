# Files that become part of the program: vitx_embed(TARGET path/to/name.ext) gives the target, when it is built, a
# constant `vx_asset_name_ext` (bytes and a final 0) and its length without the 0, `vx_asset_name_ext_size`. Declare
# them where they are used: extern const unsigned char vx_asset_name_ext[]; extern const size_t vx_asset_name_ext_size;
if(CMAKE_SCRIPT_MODE_FILE)
  file(READ "${IN}" hex HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}") # 16 bytes a line
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
  file(SIZE "${IN}" size)
  file(WRITE "${OUT}" "#include <stddef.h>\nextern const unsigned char ${NAME}[];\nextern const size_t ${NAME}_size;\n"
                      "const unsigned char ${NAME}[] = {\n${hex}0};\nconst size_t ${NAME}_size = ${size};\n")
  return()
endif()

set(vitx_embed_script ${CMAKE_CURRENT_LIST_FILE})
function(vitx_embed target path)
  get_filename_component(name ${path} NAME)
  string(MAKE_C_IDENTIFIER "vx_asset_${name}" symbol)
  set(out ${PROJECT_BINARY_DIR}/assets/${name}.c)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DIN=${PROJECT_SOURCE_DIR}/${path} -DOUT=${out} -DNAME=${symbol} -P ${vitx_embed_script}
    DEPENDS ${PROJECT_SOURCE_DIR}/${path} ${vitx_embed_script} VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()
