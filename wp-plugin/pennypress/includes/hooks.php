<?php
/**
 * Every hook of the plugin, in one place.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

// A visitor's call (chat, feedback, …) is answered here, before WordPress has done most of its work: see Early_Answer.
add_action( 'plugins_loaded', array( Early_Answer::class, 'maybe_answer' ), 1 );

// The same calls as a REST namespace: so that they can be discovered, and for sites that switch the early answer off.
add_action( 'rest_api_init', array( Rest_Routes::class, 'register' ) );
add_filter( 'rest_pre_serve_request', array( Rest_Routes::class, 'serve' ), 0, 3 );

// The widget on the page.
add_action( 'wp_enqueue_scripts', array( Widget::class, 'enqueue' ) );
add_filter( 'script_loader_tag', array( Widget::class, 'script_tag' ), 10, 2 );

// Settings → Pennypress.
if ( is_admin() ) {
	add_action( 'admin_menu', array( Settings_Page::class, 'add' ) );
	add_action( 'admin_enqueue_scripts', array( Settings_Page::class, 'enqueue' ) );
	add_action( 'wp_ajax_pennypress_test', array( Settings_Form::class, 'answer_test' ) );
	add_filter( 'plugin_action_links_' . plugin_basename( MAIN_FILE ), array( Settings_Page::class, 'action_links' ) );
	add_action( 'admin_init', array( Privacy_Policy::class, 'suggest' ) );
}

// The zip from the operator's page carries address, key and secret; they are taken in once and the file goes.
register_activation_hook( MAIN_FILE, array( Preset::class, 'import' ) );
